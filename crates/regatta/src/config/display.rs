//! Categories and groups in the order in which they are shown: declared ones first, then by first use.

use std::collections::BTreeSet;

use super::declaration::Root;
use super::model::{Category, Group, Suite};

/// Icons of categories that declare none.
const ICONS: [(&str, &str); 4] = [
    ("unit", "🧪"),
    ("lint", "🔍"),
    ("acceptance", "🔬"),
    ("integration", "🔗"),
];
const OTHER_ICON: &str = "📦";

/// Returns every category that is declared or used, in display order.
pub(super) fn list_categories(root: &Root, suites: &[Suite]) -> Vec<Category> {
    let declared = root.categories.entries();
    let mut categories: Vec<Category> = declared
        .iter()
        .map(|entry| {
            let usual = default_category(&entry.name);
            let given = &entry.table;
            Category {
                title: given.title.value().unwrap_or(usual.title),
                icon: given.icon.value().unwrap_or(usual.icon),
                name: usual.name,
            }
        })
        .collect();
    let mut seen: BTreeSet<&str> = declared.iter().map(|entry| entry.name.as_str()).collect();
    for suite in suites {
        if seen.insert(&suite.category) {
            categories.push(default_category(&suite.category));
        }
    }
    categories
}

fn default_category(name: &str) -> Category {
    let icon = ICONS.iter().find(|(category, _)| *category == name);
    Category {
        name: name.to_owned(),
        title: name.to_uppercase(),
        icon: icon.map_or(OTHER_ICON, |(_, icon)| icon).to_owned(),
    }
}

/// Returns every group that is declared or used.
pub(super) fn list_groups(root: &Root, suites: &[Suite]) -> Vec<Group> {
    let declared = root.groups.entries();
    let mut groups: Vec<Group> = declared
        .iter()
        .map(|entry| Group {
            name: entry.name.clone(),
            capacity: entry.table.capacity.value().unwrap_or(1),
        })
        .collect();
    let mut seen: BTreeSet<&str> = declared.iter().map(|entry| entry.name.as_str()).collect();
    for name in suites.iter().flat_map(|suite| &suite.parallel_group) {
        if seen.insert(name) {
            groups.push(Group {
                name: name.clone(),
                capacity: 1,
            });
        }
    }
    groups
}
