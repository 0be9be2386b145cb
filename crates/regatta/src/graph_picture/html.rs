//! A scene as a page that stands alone: the picture to move about in, and a table that says the same.
//!
//! The page asks nobody for anything, and its policy forbids it: one style and one script, each named by its digest. Without
//! the script picture and table are all there.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::markup::escape;
use super::palette::{DARK, LIGHT, Theme};
use super::scene::Scene;
use super::svg::{Drawing, style};

/// What the page does with keys, pointer and filter.
const SCRIPT: &str = include_str!("page.js");

/// How everything but the picture looks; colours come from the palette.
const LOOK: &str = include_str!("page.css");

/// Returns the scene as a page.
#[must_use]
pub fn render_html(scene: &Scene) -> String {
    let drawing = Drawing::new(scene);
    let style = page_style();
    let (title, description) = (escape(&scene.title()), escape(&scene.description()));
    let (width, height) = (drawing.width, drawing.height);
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; \
         base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n<style>{style}</style>\n</head>\n<body>\n",
        digest(SCRIPT),
        digest(&style),
    );
    write!(
        page,
        "<header><h1>{title}</h1><p>{}</p>\n<div class=\"tools\" hidden>\
         <label>Filter <input id=\"filter\" type=\"search\" autocomplete=\"off\" aria-keyshortcuts=\"/\"></label>\
         <button id=\"in\" type=\"button\" aria-keyshortcuts=\"+\">Larger</button>\
         <button id=\"out\" type=\"button\" aria-keyshortcuts=\"-\">Smaller</button>\
         <button id=\"fit\" type=\"button\" aria-keyshortcuts=\"0\">All</button>\
         <button id=\"next\" type=\"button\" aria-keyshortcuts=\"f\">Next failure</button>\
         <span id=\"said\" role=\"status\"></span></div></header>\n\
         <main><div id=\"view\" tabindex=\"0\" role=\"group\" aria-label=\"Picture; arrows move it, plus and minus zoom, \
         j and k go through the suites\">\n\
         <svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
         aria-labelledby=\"title description\">\n<title id=\"title\">{title}</title>\n<desc id=\"description\">{description}</desc>\n",
        escape(&scene.summary()),
    )
    .expect("a String takes all");
    drawing.write(&mut page);
    page += "</svg></div>\n";
    write_table(&mut page, scene);
    write!(
        page,
        "</main>\n<script>{SCRIPT}</script>\n</body>\n</html>\n"
    )
    .expect("a String takes all");
    page
}

fn write_table(page: &mut String, scene: &Scene) {
    *page += "<table>\n<caption>Suites</caption>\n<thead><tr><th scope=\"col\">Suite</th><th scope=\"col\">Status</th>\
              <th scope=\"col\">Time</th><th scope=\"col\">Waits for</th><th scope=\"col\">About</th></tr></thead>\n<tbody>\n";
    for node in &scene.nodes {
        let numbers: Vec<String> = node.waits_for.iter().map(ToString::to_string).collect();
        let names: Vec<&str> = node
            .waits_for
            .iter()
            .map(|&it| scene.nodes[it].name.as_str())
            .collect();
        let word = node.mark.word();
        let status = match (&node.error, node.is_critical) {
            (Some(error), _) => format!("{word}: {error}"),
            (None, true) => format!("{word}, critical path"),
            (None, false) => word.to_owned(),
        };
        writeln!(
            page,
            "<tr data-waits=\"{}\" data-mark=\"{}\"><th scope=\"row\">{}</th><td>{}</td><td class=\"number\">{}</td><td>{}</td><td>{}</td></tr>",
            numbers.join(" "),
            node.mark.class(),
            escape(&node.name),
            escape(&status),
            node.shown_time().unwrap_or_default(),
            escape(&names.join(", ")),
            escape(&node.description),
        )
        .expect("a String takes all");
    }
    *page += "</tbody>\n</table>\n";
}

fn page_style() -> String {
    format!(
        "{LOOK}{}@media (prefers-color-scheme:dark){{{}}}\n{}",
        colours(&LIGHT),
        colours(&DARK),
        style()
    )
}

fn colours(theme: &Theme) -> String {
    let Theme {
        paper,
        text,
        detail,
        frame,
        frame_line,
        critical,
        ..
    } = theme;
    format!(
        "html{{background:{paper};color:{text}}}header p,caption{{color:{detail}}}\
         #view,table,th,td,input,button{{border-color:{frame_line}}}input,button,thead th{{background:{frame};color:{text}}}\
         :focus-visible,.here .box{{outline-color:{critical}}}"
    )
}

/// Returns a digest as policies name it.
fn digest(text: &str) -> String {
    base64(&Sha256::digest(text.as_bytes()))
}

/// *Source*: RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let mut group = [0; 4];
        group[1..=three.len()].copy_from_slice(three);
        let bits = u32::from_be_bytes(group);
        for place in 0..4 {
            let sign = SIGNS[(bits >> (18 - 6 * place) & 63) as usize];
            text.push(if place > three.len() {
                '='
            } else {
                sign.into()
            });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn groups_are_filled_up() {
        for (bytes, expected) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(bytes.as_bytes()), expected);
        }
    }
}
