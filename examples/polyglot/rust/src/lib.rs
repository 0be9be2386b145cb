//! Divides an amount of money fairly, and makes the reference a payer quotes.
//! Knows no files; the program of the same name answers requests on stdin.

const MAX_CENTS: u64 = 1_000_000_000_000;
const MAX_WEIGHT: u64 = 1_000_000;
const MAX_PARTS: usize = 64;

/// Returns whole cents in proportion to `weights`; their sum is exactly `cents`.
///
/// Shares are rounded down; what is left goes to the largest remainders, then to the earlier part.
/// `None` when an argument is out of range.
pub fn split(cents: u64, weights: &[u64]) -> Option<Vec<u64>> {
    let in_range = cents <= MAX_CENTS && weights.iter().all(|&weight| weight <= MAX_WEIGHT);
    if !in_range || weights.len() > MAX_PARTS {
        return None;
    }
    let total: u64 = weights.iter().sum();
    if total == 0 {
        return None;
    }
    let mut shares: Vec<u64> = weights
        .iter()
        .map(|weight| cents * weight / total)
        .collect();
    let left = usize::try_from(cents - shares.iter().sum::<u64>()).ok()?;
    let mut parts: Vec<usize> = (0..weights.len()).collect();
    // The sort is stable: of equal remainders the earlier stays first.
    parts.sort_by_key(|&part| std::cmp::Reverse(cents * weights[part] % total));
    for &part in &parts[..left] {
        shares[part] += 1;
    }
    Some(shares)
}

/// Returns the ISO 11649 creditor reference for `body`: RF, two check digits, `body`.
///
/// `None` when `body` is not 1 to 21 digits and capitals.
pub fn reference(body: &str) -> Option<String> {
    let allowed = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_uppercase();
    if !(1..=21).contains(&body.len()) || !body.bytes().all(allowed) {
        return None;
    }
    let remainder = body
        .chars()
        .chain("RF00".chars())
        .try_fold(0, |remainder, character| {
            let value = character.to_digit(36)?;
            Some((remainder * if value < 10 { 10 } else { 100 } + value) % 97)
        })?;
    Some(format!("RF{:02}{body}", 98 - remainder))
}

/// Returns the answer to one request line, `error` for one that makes no sense.
pub fn answer(request: &str) -> String {
    let answered = match request.split_once(' ') {
        Some(("split", rest)) => answer_split(rest),
        Some(("reference", body)) => reference(body),
        _ => None,
    };
    answered.unwrap_or_else(|| "error".to_owned())
}

fn answer_split(rest: &str) -> Option<String> {
    let (cents, weights) = rest.split_once(' ')?;
    let weights: Vec<u64> = weights.split(',').map(read_number).collect::<Option<_>>()?;
    let shares = split(read_number(cents)?, &weights)?;
    Some(
        shares
            .iter()
            .map(u64::to_string)
            .collect::<Vec<_>>()
            .join(","),
    )
}

/// Stricter than `parse`, which would accept a plus sign.
fn read_number(text: &str) -> Option<u64> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())?
}
