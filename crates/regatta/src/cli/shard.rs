//! Which of several machines this one is: as the user says, or as the variables of a build server do.

use std::fmt;
use std::str::FromStr;

/// So many machines are enough, and a number with some zeros too many is a mistake.
const MOST: u32 = 10_000;

/// What `--shard` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShardChoice {
    /// What the variables of the build server say.
    Auto,
    /// This one.
    Given(ShardOf),
}

/// One of several machines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShardOf {
    /// Which one, from 1.
    pub number: u32,
    /// How many there are, at least 1.
    pub count: u32,
}

/// How a build server tells its machines which one they are.
struct Server {
    name: &'static str,
    index: &'static str,
    count: &'static str,
    /// The number of the first machine.
    first: u32,
}

const SERVERS: [Server; 3] = [
    Server {
        name: "GitLab",
        index: "CI_NODE_INDEX",
        count: "CI_NODE_TOTAL",
        first: 1,
    },
    Server {
        name: "CircleCI",
        index: "CIRCLE_NODE_INDEX",
        count: "CIRCLE_NODE_TOTAL",
        first: 0,
    },
    Server {
        name: "Buildkite",
        index: "BUILDKITE_PARALLEL_JOB",
        count: "BUILDKITE_PARALLEL_JOB_COUNT",
        first: 0,
    },
];

impl ShardChoice {
    /// Returns the machine that is meant; `variable` reads one of the environment's.
    ///
    /// # Errors
    /// What is wrong with the variables, as a sentence that says what to do.
    pub fn find(self, variable: impl Fn(&str) -> Option<String>) -> Result<ShardOf, String> {
        match self {
            Self::Given(shard) => Ok(shard),
            Self::Auto => find_among_servers(variable),
        }
    }
}

impl FromStr for ShardChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "auto" {
            return Ok(Self::Auto);
        }
        let numbers = text.split_once('/');
        let number = |text: &str| text.trim().parse::<u32>().ok();
        let numbers =
            numbers.and_then(|(number_of, count)| Some((number(number_of)?, number(count)?)));
        let Some((number, count)) = numbers else {
            return Err(
                "write I/N, such as 2/5 for the second of five shards, or `auto`".to_owned(),
            );
        };
        ShardOf::new(number, count).map(Self::Given)
    }
}

impl ShardOf {
    fn new(number: u32, count: u32) -> Result<Self, String> {
        match (number, count) {
            (_, 0) => Err("there are no shards in none; the whole is 1/1".to_owned()),
            (0, _) => Err(format!(
                "shards are counted from 1: the first of {count} is 1/{count}"
            )),
            _ if number > count => Err(format!(
                "there is no shard {number} of {count}; the last one is {count}/{count}"
            )),
            _ if count > MOST => Err(format!("at most {MOST} shards are possible")),
            _ => Ok(Self { number, count }),
        }
    }
}

impl fmt::Display for ShardOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.count)
    }
}

fn find_among_servers(variable: impl Fn(&str) -> Option<String>) -> Result<ShardOf, String> {
    for server in &SERVERS {
        let value = |name: &str| variable(name).filter(|it| !it.is_empty());
        match (value(server.index), value(server.count)) {
            (None, None) => {}
            (Some(index), Some(count)) => return server.read(&index, &count),
            // A job that GitLab runs once has the total alone.
            (None, Some(count)) if count == "1" => return ShardOf::new(1, 1),
            (index, _) => {
                let (given, missing) = match index {
                    Some(_) => (server.index, server.count),
                    None => (server.count, server.index),
                };
                return Err(format!(
                    "`--shard auto` finds {given} and no {missing}; set both, or name the shard: --shard I/N"
                ));
            }
        }
    }
    let pairs = SERVERS
        .iter()
        .map(|it| format!("{} and {} ({})", it.index, it.count, it.name));
    let pairs = pairs.collect::<Vec<_>>().join(", nor ");
    Err(format!(
        "`--shard auto` finds neither {pairs}; name the shard: --shard I/N"
    ))
}

impl Server {
    fn read(&self, index: &str, count: &str) -> Result<ShardOf, String> {
        let number = |text: &str| text.trim().parse::<u32>().ok();
        let read = number(index)
            .and_then(|it| it.checked_add(1)?.checked_sub(self.first))
            .zip(number(count));
        let shard = read.ok_or_else(|| "these are no whole numbers".to_owned());
        let shard = shard.and_then(|(number, count)| ShardOf::new(number, count));
        shard.map_err(|why| {
            format!(
                "`--shard auto` cannot use {}={index} and {}={count}: {} counts from {}, and {why}",
                self.index, self.count, self.name, self.first
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn auto(variables: &[(&str, &str)]) -> Result<String, String> {
        let find = |name: &str| {
            let found = variables.iter().find(|it| it.0 == name);
            found.map(|it| it.1.to_owned())
        };
        ShardChoice::Auto.find(find).map(|it| it.to_string())
    }

    #[test]
    fn only_a_shard_that_there_is_can_be_given() {
        let given = |number, count| Ok(ShardChoice::Given(ShardOf { number, count }));
        assert_eq!("2/5".parse(), given(2, 5));
        assert_eq!("1/1".parse(), given(1, 1));
        assert_eq!("auto".parse(), Ok(ShardChoice::Auto));
        for (text, expected) in [
            ("0/5", "counted from 1: the first of 5 is 1/5"),
            ("6/5", "no shard 6 of 5"),
            ("1/0", "no shards in none"),
            ("1/20000", "at most 10000"),
            ("5", "write I/N"),
            ("-1/5", "write I/N"),
            ("1/2/3", "write I/N"),
            ("", "write I/N"),
        ] {
            let error = text.parse::<ShardChoice>().unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn each_build_server_counts_in_its_own_way() {
        let gitlab = [("CI_NODE_INDEX", "2"), ("CI_NODE_TOTAL", "5")];
        let circle = [("CIRCLE_NODE_INDEX", "0"), ("CIRCLE_NODE_TOTAL", "3")];
        let buildkite = [
            ("BUILDKITE_PARALLEL_JOB", "3"),
            ("BUILDKITE_PARALLEL_JOB_COUNT", "4"),
        ];
        assert_eq!(auto(&gitlab).as_deref(), Ok("2/5"));
        assert_eq!(auto(&circle).as_deref(), Ok("1/3"));
        assert_eq!(auto(&buildkite).as_deref(), Ok("4/4"));
        assert_eq!(auto(&[("CI_NODE_TOTAL", "1")]).as_deref(), Ok("1/1"));
    }

    #[test]
    fn variables_that_say_nothing_or_nonsense_are_refused() {
        for (variables, expected) in [
            (
                &[][..],
                "neither CI_NODE_INDEX and CI_NODE_TOTAL (GitLab), nor",
            ),
            (
                &[("CI_NODE_TOTAL", "4")],
                "finds CI_NODE_TOTAL and no CI_NODE_INDEX",
            ),
            (
                &[("CI_NODE_INDEX", "0"), ("CI_NODE_TOTAL", "4")],
                "counted from 1",
            ),
            (
                &[("CIRCLE_NODE_INDEX", "4"), ("CIRCLE_NODE_TOTAL", "4")],
                "CircleCI counts from 0, and there is no shard 5 of 4",
            ),
            (
                &[("CIRCLE_NODE_INDEX", "x"), ("CIRCLE_NODE_TOTAL", "4")],
                "no whole numbers",
            ),
        ] {
            let error = auto(variables).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
