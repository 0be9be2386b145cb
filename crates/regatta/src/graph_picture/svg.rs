//! A scene as SVG: one file without scripts and without anything from elsewhere, in light and dark.
//!
//! Colours are rules for classes and no variables, since viewers that are not browsers know only the former.

use std::fmt::Write as _;

use super::mark::Mark;
use super::markup::escape;
use super::palette::{DARK, Ink, LIGHT, Theme};
use super::scene::{Node, Scene, SceneRun, text_width};
use crate::graph_layout::{End, Frame, Rect, Wire};
use crate::report::record::RunState;
use crate::report::terminal::short;

/// What stays free around everything.
const MARGIN: i32 = 24;

/// The room for the heading.
const HEADER: i32 = 52;

/// The height of a line of the legend.
const LEGEND_LINE: i32 = 22;

/// Nothing is narrower than this, so that heading and legend have room.
const NARROWEST: i32 = 620;

/// Returns the scene as a picture that stands alone.
#[must_use]
pub fn render_svg(scene: &Scene) -> String {
    let drawing = Drawing::new(scene);
    let (width, height) = (drawing.width, drawing.height);
    let (title, description) = (escape(&scene.title()), escape(&scene.description()));
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\" aria-labelledby=\"title description\">\n\
         <title id=\"title\">{title}</title>\n<desc id=\"description\">{description}</desc>\n<style>\n"
    );
    text += &style();
    text += "</style>\n<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n";
    drawing.write(&mut text);
    text += "</svg>\n";
    text
}

/// Returns the rules that the elements of a drawing need, for both themes.
pub(super) fn style() -> String {
    let mut text = "text{font:12px ui-monospace,SFMono-Regular,Menlo,\"DejaVu Sans Mono\",Consolas,monospace}\n\
                    .heading{font:600 16px system-ui,sans-serif}\n\
                    .words{font:13px system-ui,sans-serif}\n\
                    .small{font:11px system-ui,sans-serif}\n\
                    .wire{fill:none;stroke-width:1.2}\n\
                    .wire.critical{stroke-width:2.6}\n\
                    .box{stroke-width:1.2}\n\
                    .critical .box{stroke-width:2.8}\n\
                    .shape{fill:none;stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round}\n\
                    .blocked .box,.notrun .box{stroke-dasharray:4 3}\n\
                    .skipped .box{stroke-dasharray:1.5 3}\n\
                    .time{font-variant-numeric:tabular-nums;text-anchor:end}\n"
        .to_owned();
    text += &theme_rules(&LIGHT);
    text += "@media (prefers-color-scheme:dark){\n";
    text += &theme_rules(&DARK);
    text += "}\n";
    text
}

fn theme_rules(theme: &Theme) -> String {
    let Theme {
        paper,
        text,
        detail,
        wire,
        frame,
        frame_line,
        critical,
        ..
    } = theme;
    let mut rules = format!(
        ".paper{{fill:{paper}}}\n.heading{{fill:{text}}}\n.words,.small{{fill:{detail}}}\n\
         .wire{{stroke:{wire}}}\n.tip{{fill:{wire}}}\n\
         .wire.critical{{stroke:{critical}}}\n.tip.critical{{fill:{critical}}}\n\
         .frame{{fill:{frame};stroke:{frame_line}}}\n"
    );
    for (mark, ink) in theme.inks() {
        let class = mark.class();
        let Ink { ground, line, text } = *ink;
        let shape = if *mark == Mark::Failed { text } else { line };
        write!(
            rules,
            ".{class} .box{{fill:{ground};stroke:{line}}}\n.{class} .shape{{stroke:{shape}}}\n\
             .{class} .name,.{class} .time{{fill:{text}}}\n"
        )
        .expect("a String takes all");
    }
    writeln!(rules, ".critical .box{{stroke:{critical}}}").expect("a String takes all");
    rules
}

/// A scene with its measures.
pub(super) struct Drawing<'s> {
    scene: &'s Scene,
    pub(super) width: i32,
    pub(super) height: i32,
    /// Where the graph begins.
    top: i32,
    legend: Vec<LegendItem>,
}

/// One entry of the legend, and where it stands.
struct LegendItem {
    x: i32,
    y: i32,
    sign: Sign,
    words: String,
}

#[derive(Clone, Copy)]
enum Sign {
    Mark(Mark),
    Critical,
    None,
}

impl<'s> Drawing<'s> {
    pub(super) fn new(scene: &'s Scene) -> Self {
        let width = (scene.layout.width + 2 * MARGIN).max(NARROWEST);
        let top = MARGIN + HEADER;
        let under = top + scene.layout.height + 30;
        let legend = legend(scene, width, under);
        let bottom = legend.last().map_or(under - 30, |it| it.y + 8);
        Self {
            scene,
            width,
            height: bottom + MARGIN,
            top,
            legend,
        }
    }

    pub(super) fn write(&self, text: &mut String) {
        self.write_heading(text);
        writeln!(text, "<g transform=\"translate({MARGIN} {})\">", self.top)
            .expect("a String takes all");
        let layout = &self.scene.layout;
        for frame in &layout.frames {
            self.write_frame(text, frame);
        }
        let (critical, plain): (Vec<&Wire>, Vec<&Wire>) =
            layout.wires.iter().partition(|it| self.is_critical(it));
        // What matters is drawn over the rest.
        for wire in plain {
            write_wire(text, wire, "");
        }
        for wire in critical {
            write_wire(text, wire, " critical");
        }
        for (index, (node, rect)) in self.scene.nodes.iter().zip(&layout.nodes).enumerate() {
            write_node(text, index, node, *rect, &self.scene.words_of(index));
        }
        text.push_str("</g>\n");
        for item in &self.legend {
            item.write(text);
        }
    }

    fn write_heading(&self, text: &mut String) {
        let title = escape(&self.scene.title());
        let words = escape(&self.scene.summary());
        let (first, second) = (MARGIN + 12, MARGIN + 34);
        writeln!(
            text,
            "<text class=\"heading\" x=\"{MARGIN}\" y=\"{first}\">{title}</text>\n\
             <text class=\"words\" x=\"{MARGIN}\" y=\"{second}\">{words}</text>"
        )
        .expect("a String takes all");
    }

    fn write_frame(&self, text: &mut String, frame: &Frame) {
        let Rect {
            x,
            y,
            width,
            height,
        } = frame.rect;
        let heading = escape(&self.frame_heading(frame));
        writeln!(
            text,
            "<rect class=\"frame\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"8\"/>\n\
             <text class=\"small\" x=\"{}\" y=\"{}\">{heading}</text>",
            x + 9,
            y + 17
        )
        .expect("a String takes all");
    }

    /// Says how many suites stand in a frame, and as much of what became of them as has room.
    fn frame_heading(&self, frame: &Frame) -> String {
        let nodes = || frame.members.iter().map(|&it| &self.scene.nodes[it]);
        let mut heading = format!("{} suites", frame.members.len());
        for mark in [Mark::Failed, Mark::Blocked, Mark::Flaky] {
            let count = nodes().filter(|it| it.mark == mark).count();
            if count > 0 {
                let longer = format!("{heading}, {count} {}", mark.word());
                if text_width(&longer) < frame.rect.width {
                    heading = longer;
                }
            }
        }
        heading
    }

    /// Returns whether a line is one of the chain that the run waited for.
    fn is_critical(&self, wire: &Wire) -> bool {
        let Some(run) = &self.scene.run else {
            return false;
        };
        let stands_for = |end: End, node: usize| match end {
            End::Node(it) => it == node,
            End::Frame(frame) => self.scene.layout.frames[frame].members.contains(&node),
        };
        let mut pairs = run.critical_path.windows(2);
        pairs.any(|pair| stands_for(wire.from, pair[0]) && stands_for(wire.to, pair[1]))
    }
}

fn write_wire(text: &mut String, wire: &Wire, class: &str) {
    let path = wire.path();
    let tip = wire.points.last().copied().expect("a line has an end");
    let (x, y) = (tip.x, tip.y);
    writeln!(
        text,
        "<path class=\"wire{class}\" d=\"{path}\"/><path class=\"tip{class}\" d=\"M{x} {y}l-7 -3.5v7z\"/>"
    )
    .expect("a String takes all");
}

fn write_node(text: &mut String, index: usize, node: &Node, rect: Rect, words: &str) {
    let Rect {
        x,
        y,
        width,
        height,
    } = rect;
    let class = node.mark.class();
    let critical = if node.is_critical { " critical" } else { "" };
    let (label, words) = (escape(&node.label), escape(words));
    let baseline = height / 2 + 4;
    let mut name_at = 9;
    let mut inside = String::new();
    if let Some(shape) = node.mark.shape() {
        let down = (height - 10) / 2;
        write!(
            inside,
            "<path class=\"shape\" transform=\"translate(8 {down})\" d=\"{shape}\"/>"
        )
        .expect("a String takes all");
        name_at = 25;
    }
    write!(
        inside,
        "<text class=\"name\" x=\"{name_at}\" y=\"{baseline}\">{label}</text>"
    )
    .expect("a String takes all");
    if let Some(time) = node.shown_time() {
        let end = width - 9;
        write!(
            inside,
            "<text class=\"time\" x=\"{end}\" y=\"{baseline}\">{time}</text>"
        )
        .expect("a String takes all");
    }
    writeln!(
        text,
        "<g class=\"node {class}{critical}\" id=\"n{index}\" transform=\"translate({x} {y})\"><title>{words}</title>\
         <rect class=\"box\" width=\"{width}\" height=\"{height}\" rx=\"5\"/>{inside}</g>"
    )
    .expect("a String takes all");
}

/// Sets the entries of the legend side by side, and on as many lines as they need.
fn legend(scene: &Scene, width: i32, top: i32) -> Vec<LegendItem> {
    let mut entries: Vec<(Sign, String)> = Vec::new();
    if scene.run.is_some() {
        for (mark, count) in scene.counts() {
            entries.push((Sign::Mark(mark), format!("{count} {}", mark.word())));
        }
        if scene
            .run
            .as_ref()
            .is_some_and(|it| it.critical_path.len() > 1)
        {
            entries.push((Sign::Critical, "critical path".into()));
        }
    }
    if !scene.layout.wires.is_empty() {
        entries.push((Sign::None, "a suite waits for those to its left".into()));
    }
    let begins_at_frame =
        |it: &Wire| matches!((it.from, it.to), (End::Frame(_), _) | (_, End::Frame(_)));
    if scene.layout.wires.iter().any(begins_at_frame) {
        let words = "a line at a frame is one for each suite in it";
        entries.push((Sign::None, words.into()));
    }
    match scene.layout.left_out {
        0 => {}
        1 => entries.push((
            Sign::None,
            "1 line left out that follows from others".into(),
        )),
        count => {
            let words = format!("{count} lines left out that follow from others");
            entries.push((Sign::None, words));
        }
    }
    let (mut x, mut y) = (MARGIN, top);
    let items = entries.into_iter().map(|(sign, words)| {
        let sign_width = if matches!(sign, Sign::None) { 0 } else { 24 };
        // Running text is narrower than the names in boxes.
        let item_width = sign_width + text_width(&words) * 9 / 10 + 18;
        if x > MARGIN && x + item_width > width - MARGIN {
            (x, y) = (MARGIN, y + LEGEND_LINE);
        }
        let item = LegendItem { x, y, sign, words };
        x += item_width;
        item
    });
    items.collect()
}

impl LegendItem {
    fn write(&self, text: &mut String) {
        let Self { x, y, sign, words } = self;
        let up = y - 13;
        let mut words_at = *x;
        match sign {
            Sign::Mark(mark) => {
                let (class, shape) = (mark.class(), mark.shape().unwrap_or_default());
                write!(
                    text,
                    "<g class=\"{class}\" transform=\"translate({x} {up})\"><rect class=\"box\" width=\"18\" height=\"18\" \
                     rx=\"4\"/><path class=\"shape\" transform=\"translate(4 4)\" d=\"{shape}\"/></g>"
                )
                .expect("a String takes all");
                words_at += 24;
            }
            Sign::Critical => {
                let level = y - 4;
                write!(
                    text,
                    "<path class=\"wire critical\" d=\"M{x} {level}h18\"/>"
                )
                .expect("a String takes all");
                words_at += 24;
            }
            Sign::None => {}
        }
        let words = escape(words);
        writeln!(
            text,
            "<text class=\"words\" x=\"{words_at}\" y=\"{y}\">{words}</text>"
        )
        .expect("a String takes all");
    }
}

impl Scene {
    /// Returns what the picture is called.
    #[must_use]
    pub fn title(&self) -> String {
        let suites = counted(self.nodes.len(), "suite", "suites");
        let Some(run) = &self.run else {
            let edges = counted(self.edges, "dependency", "dependencies");
            return format!("{suites} and {edges}");
        };
        let failed = self
            .nodes
            .iter()
            .filter(|it| it.mark == Mark::Failed)
            .count();
        match (run.state, failed) {
            (_, 1..) => format!("{failed} of {suites} failed"),
            (RunState::Finished, _) => format!("{suites}, none failed"),
            (RunState::Running, _) => format!("{suites}, running"),
            (RunState::Interrupted, _) => format!("{suites}, interrupted"),
        }
    }

    /// Returns what stands below the title.
    #[must_use]
    pub fn summary(&self) -> String {
        let Some(run) = &self.run else {
            return "Lines lead from left to right, from what is waited for to what waits".into();
        };
        let SceneRun { id, time, .. } = run;
        format!("Run {id}, {}", short(*time))
    }

    /// Returns the picture in words.
    #[must_use]
    pub fn description(&self) -> String {
        let mut text = format!(
            "Dependency graph of {}",
            counted(self.nodes.len(), "suite", "suites")
        );
        let Some(run) = &self.run else {
            return text + ".";
        };
        for (at, (mark, count)) in self.counts().into_iter().enumerate() {
            let before = if at == 0 { ": " } else { ", " };
            write!(text, "{before}{count} {}", mark.word()).expect("a String takes all");
        }
        text.push('.');
        let names = |positions: &[usize]| {
            let names: Vec<&str> = positions
                .iter()
                .map(|&it| self.nodes[it].name.as_str())
                .collect();
            names.join(", ")
        };
        let failed: Vec<usize> = (0..self.nodes.len())
            .filter(|&it| self.nodes[it].mark == Mark::Failed)
            .collect();
        if !failed.is_empty() {
            write!(text, " Failed: {}.", names(&failed)).expect("a String takes all");
        }
        if run.critical_path.len() > 1 {
            write!(text, " Critical path: {}.", names(&run.critical_path))
                .expect("a String takes all");
        }
        text
    }

    /// Returns everything that is known of a node, a line for each thing.
    #[must_use]
    pub fn words_of(&self, index: usize) -> String {
        let node = &self.nodes[index];
        let mut lines = vec![node.name.clone()];
        if !node.description.is_empty() {
            lines.push(node.description.clone());
        }
        if node.mark != Mark::Declared {
            let mut line = node.mark.word().to_owned();
            if let Some(time) = node.shown_time() {
                write!(line, " in {time}").expect("a String takes all");
            }
            if let Some(error) = &node.error {
                write!(line, ": {error}").expect("a String takes all");
            }
            lines.push(line);
        }
        if !node.waits_for.is_empty() {
            let names: Vec<&str> = node
                .waits_for
                .iter()
                .map(|&it| self.nodes[it].name.as_str())
                .collect();
            lines.push(format!("waits for {}", names.join(", ")));
        }
        lines.push(format!("category {}", node.category));
        lines.join("\n")
    }
}

/// Returns a number with its noun.
fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
