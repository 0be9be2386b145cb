//! Numbers and texts as bytes, each with its length before it, and a reader that believes nothing.

/// Writes a number in eight bytes, the least significant first.
pub fn write_number(sink: &mut impl FnMut(&[u8]), number: u64) {
    sink(&number.to_le_bytes());
}

/// Writes how many bytes follow, and the bytes.
pub fn write_bytes(sink: &mut impl FnMut(&[u8]), bytes: &[u8]) {
    write_number(sink, bytes.len() as u64);
    sink(bytes);
}

/// Reads what was written, from bytes that may be anything. `None` where they end too early.
#[derive(Debug, Clone)]
pub struct Reader<'b> {
    rest: &'b [u8],
}

impl<'b> Reader<'b> {
    /// Returns a reader before the first byte.
    #[must_use]
    pub fn new(bytes: &'b [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Returns the next number.
    pub fn number(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// Returns the next byte.
    pub fn byte(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// Returns the next so many bytes.
    pub fn array<const LENGTH: usize>(&mut self) -> Option<[u8; LENGTH]> {
        let (array, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*array)
    }

    /// Returns the next bytes that say their length before them.
    pub fn bytes(&mut self) -> Option<&'b [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        let (bytes, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(bytes)
    }

    /// Returns whether nothing follows.
    #[must_use]
    pub fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }
}
