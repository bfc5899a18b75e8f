//! Differences by example, and for any edits.

use proptest::prelude::*;

use super::*;
use crate::Component;

fn component(name: &str, kind: &str, generation: i64) -> Component {
    let mut component = Component::default();
    component.metadata.name = name.into();
    component.metadata.generation = generation;
    component.spec.component_type = kind.into();
    component
}

fn names(components: &[Component]) -> Vec<&str> {
    components.iter().map(|component| component.metadata.name.as_str()).collect()
}

#[test]
fn a_difference_is_told_by_name() {
    let loaded = [component("same", "a", 1), component("gone", "a", 1), component("other", "a", 1)];
    let wanted = [component("same", "a", 2), component("new", "a", 1), component("other", "b", 1)];
    let difference = Difference::between(&loaded, &wanted);
    assert_eq!(names(&difference.removed), ["gone"]);
    assert_eq!(names(&difference.changed), ["other"]);
    assert_eq!(difference.changed[0].spec.component_type, "b");
    assert_eq!(names(&difference.added), ["new"]);
    assert!(!difference.is_empty() && Difference::between(&loaded, &loaded).is_empty());
}

#[test]
fn a_resource_in_a_broken_file_stays() {
    let mut desired = Desired::new(vec![component("a", "x", 0), component("b", "x", 0)]);
    desired.replace(vec![], |hidden| hidden.metadata.name == "a");
    assert_eq!(names(desired.all()), ["a"]);
    desired.replace(vec![component("a", "y", 0)], |_| true);
    assert_eq!((names(desired.all()), desired.all()[0].spec.component_type.as_str()), (vec!["a"], "y"));
    desired.replace(vec![], |_| false);
    assert!(desired.all().is_empty());
}

#[test]
fn an_event_that_is_late_changes_nothing() {
    let mut desired = Desired::new(vec![component("a", "new", 5)]);
    desired.put(component("a", "old", 4));
    assert_eq!(desired.all()[0].spec.component_type, "new");
    desired.put(component("a", "newer", 6));
    assert_eq!(desired.all()[0].spec.component_type, "newer");
    desired.remove("a");
    desired.put(component("a", "begun anew", 1));
    assert_eq!(desired.all()[0].spec.component_type, "begun anew");
}

/// What a source does.
#[derive(Clone, Debug)]
enum Edit {
    All(Vec<(u8, u8)>),
    Put(u8, u8),
    Remove(u8),
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let edit = prop_oneof![
        prop::collection::btree_map(0..6_u8, 0..3_u8, 0..6).prop_map(|all| Edit::All(all.into_iter().collect())),
        (0..6_u8, 0..3_u8).prop_map(|(name, kind)| Edit::Put(name, kind)),
        (0..6_u8).prop_map(Edit::Remove),
    ];
    prop::collection::vec(edit, 0..20)
}

fn sorted(components: &[Component]) -> Vec<(String, String)> {
    let pair = |component: &Component| (component.metadata.name.clone(), component.spec.component_type.clone());
    let mut all: Vec<_> = components.iter().map(pair).collect();
    all.sort();
    all
}

proptest! {
    /// Whoever does what each difference asks for ends with what the source had last; looking less often changes nothing.
    #[test]
    fn any_edits_end_in_the_last_state(edits in edits(), looks in prop::collection::vec(any::<bool>(), 20)) {
        let named = |name: &u8, kind: &u8| component(&name.to_string(), &kind.to_string(), 0);
        let mut source: std::collections::BTreeMap<u8, u8> = Default::default();
        let mut desired = Desired::default();
        let mut loaded: Vec<Component> = Vec::new();
        let look = |desired: &Desired<Component>, loaded: &mut Vec<Component>| {
            let difference = Difference::between(loaded, desired.all());
            for gone in &difference.removed {
                let before = loaded.len();
                loaded.retain(|one| one.metadata.name != gone.metadata.name);
                assert_eq!(loaded.len(), before - 1, "what is removed was loaded");
            }
            for changed in difference.changed {
                let known = loaded.iter_mut().find(|one| one.metadata.name == changed.metadata.name);
                *known.expect("what is changed was loaded") = changed;
            }
            loaded.extend(difference.added);
        };
        for (edit, looks) in edits.iter().zip(looks) {
            match edit {
                Edit::All(all) => {
                    source = all.iter().copied().collect();
                    desired.replace(all.iter().map(|(name, kind)| named(name, kind)).collect(), |_| false);
                }
                Edit::Put(name, kind) => {
                    source.insert(*name, *kind);
                    desired.put(named(name, kind));
                }
                Edit::Remove(name) => {
                    source.remove(name);
                    desired.remove(&name.to_string());
                }
            }
            if looks {
                look(&desired, &mut loaded);
            }
        }
        look(&desired, &mut loaded);
        let last: Vec<Component> = source.iter().map(|(name, kind)| named(name, kind)).collect();
        prop_assert_eq!(sorted(&loaded), sorted(&last));
    }
}
