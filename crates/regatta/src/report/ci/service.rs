//! The servers, and the variables by which each is known.

/// A server for continuous integration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the server of that name")]
pub enum Service {
    GitHub,
    GitLab,
    Buildkite,
    Azure,
    TeamCity,
}

/// Returns the server in whose job this program runs; none inside a suite, whose output is read by nobody but the run
/// around it.
///
/// *Source*: the documentation of each server on the variables that it sets.
pub fn find_service(variable: impl Fn(&str) -> Option<String>) -> Option<Service> {
    let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
    let is_true =
        |name: &str| variable(name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
    if is_set("REGATTA_SUITE") {
        return None;
    }
    let known = [
        (is_true("GITHUB_ACTIONS"), Service::GitHub),
        (is_true("GITLAB_CI"), Service::GitLab),
        (is_true("BUILDKITE"), Service::Buildkite),
        (is_true("TF_BUILD"), Service::Azure),
        (is_set("TEAMCITY_VERSION"), Service::TeamCity),
    ];
    let mut here = known.into_iter().filter(|(is_here, _)| *is_here);
    here.next().map(|(_, service)| service)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_server_is_known_by_its_variable() {
        let find = |variables: &[(&str, &str)]| {
            find_service(|name| {
                let found = variables.iter().find(|it| it.0 == name);
                found.map(|it| it.1.to_owned())
            })
        };
        assert_eq!(find(&[("CI", "true")]), None);
        assert_eq!(find(&[("GITHUB_ACTIONS", "true")]), Some(Service::GitHub));
        assert_eq!(find(&[("GITLAB_CI", "true")]), Some(Service::GitLab));
        assert_eq!(find(&[("BUILDKITE", "true")]), Some(Service::Buildkite));
        assert_eq!(find(&[("TF_BUILD", "True")]), Some(Service::Azure));
        assert_eq!(
            find(&[("TEAMCITY_VERSION", "2026.1")]),
            Some(Service::TeamCity)
        );
        assert_eq!(
            find(&[("GITHUB_ACTIONS", "false"), ("TEAMCITY_VERSION", "")]),
            None
        );
        assert_eq!(
            find(&[("GITHUB_ACTIONS", "true"), ("REGATTA_SUITE", "outer")]),
            None
        );
    }
}
