//! What changes ask for, by example and for any sequence of them.

use std::collections::BTreeMap;

use dapr_resources::{Loader, NameValuePair};
use proptest::prelude::*;

use super::*;

fn component(name: &str, kind: &str) -> Component {
    let mut component = Component::default();
    component.metadata.name = name.into();
    (component.spec.component_type, component.spec.version) = (kind.into(), "v1".into());
    component
}

fn actor_store(name: &str) -> Component {
    let mut store = component(name, "state.in-memory");
    store.spec.metadata.push(NameValuePair::new("actorStateStore", "true"));
    store
}

fn rules() -> Rules {
    Rules { app_id: "app".into(), namespace: Some("ns".into()) }
}

fn plan(components: &[Component]) -> Plan {
    Plan::new(rules(), &Loaded { components: components.to_vec(), ..Loaded::default() }, Configuration::default())
}

fn names(components: &[Component]) -> Vec<&str> {
    components.iter().map(|component| component.metadata.name.as_str()).collect()
}

/// Names of what is removed, changed and added.
fn told(plan: &mut Plan) -> (Vec<String>, Vec<String>, Vec<String>) {
    let Difference { removed, changed, added } = plan.actions().components;
    let owned = |components: &[Component]| names(components).into_iter().map(str::to_owned).collect();
    (owned(&removed), owned(&changed), owned(&added))
}

fn lists(removed: &[&str], changed: &[&str], added: &[&str]) -> (Vec<String>, Vec<String>, Vec<String>) {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    (owned(removed), owned(changed), owned(added))
}

fn put(component: Component) -> Event {
    Event::Component(Change::Put(component))
}

#[test]
fn events_become_actions_once() {
    let mut plan = plan(&[component("a", "state.x"), component("b", "state.x")]);
    assert_eq!(told(&mut plan), lists(&[], &[], &[]));
    plan.take(put(component("a", "state.y")));
    plan.take(put(component("c", "state.y")));
    plan.take(Event::Component(Change::Removed(component("b", "state.x"))));
    assert_eq!(told(&mut plan), lists(&["b"], &["a"], &["c"]));
    assert_eq!(told(&mut plan), lists(&[], &[], &[]));
}

#[test]
fn what_is_not_for_this_app_any_more_goes() {
    let mut plan = plan(&[component("a", "state.x"), component("b", "state.x")]);
    let mut scoped = component("a", "state.x");
    scoped.scopes = vec!["other".into()];
    let mut elsewhere = component("b", "state.x");
    elsewhere.metadata.namespace = "other".into();
    plan.take(put(scoped.clone()));
    plan.take(put(elsewhere));
    assert_eq!(told(&mut plan), lists(&["a", "b"], &[], &[]));
    scoped.scopes.push("app".into());
    plan.take(put(scoped));
    assert_eq!(told(&mut plan), lists(&[], &[], &["a"]));
}

#[test]
fn a_second_actor_store_waits_for_the_first_one() {
    let mut plan = plan(&[actor_store("first")]);
    plan.take(put(actor_store("second")));
    assert_eq!(told(&mut plan), lists(&[], &[], &[]));
    plan.take(put(component("first", "state.in-memory")));
    assert_eq!(told(&mut plan), lists(&[], &["first"], &["second"]));
    // The one that is there stays, whatever the order of their source.
    plan.take(Event::Component(Change::All(vec![actor_store("first"), actor_store("second")], vec![])));
    assert_eq!(told(&mut plan), lists(&["first"], &[], &[]));
    plan.take(Event::Component(Change::Removed(actor_store("second"))));
    assert_eq!(told(&mut plan), lists(&["second"], &[], &["first"]));
}

#[test]
fn a_file_that_is_broken_changes_nothing_of_its_own() {
    let document = |name: &str, kind: &str| {
        format!(
            "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {{name: {name}}}\nspec: {{type: {kind}, version: v1}}\n"
        )
    };
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(directory.path().join(name), text).unwrap();
    let loader = Loader { app_id: Some("app"), namespace: None };
    let load = || loader.directories(&[directory.path()]).unwrap();
    write("1.yaml", &[document("a", "state.x"), document("b", "state.x")].join("---\n"));
    write("2.yaml", &document("c", "state.x"));
    let mut plan = Plan::new(rules(), &load(), Configuration::default());
    write("1.yaml", &[document("a", "state.y"), "kind: [\n".into()].join("---\n"));
    write("2.yaml", "");
    plan.take_files(load());
    assert_eq!(told(&mut plan), lists(&["c"], &["a"], &[]), "b is in the broken file and stays");
    write("1.yaml", &document("a", "state.y"));
    plan.take_files(load());
    assert_eq!(told(&mut plan), lists(&["b"], &[], &[]));
}

#[test]
fn what_the_operator_cannot_send_stays() {
    let mut plan = plan(&[component("a", "state.x"), component("b", "state.x")]);
    plan.take(Event::Component(Change::All(vec![], vec!["a".into()])));
    assert_eq!(told(&mut plan), lists(&["b"], &[], &[]));
}

fn configured(edit: impl Fn(&mut ConfigurationSpec)) -> Event {
    let mut configuration = Configuration::default();
    edit(&mut configuration.spec);
    Event::Configuration(Box::new(configuration))
}

#[test]
fn a_configuration_is_exchanged_in_place_where_that_is_possible() {
    let mut plan = plan(&[component("a", "state.x")]);
    plan.take(configured(|_| {}));
    assert_eq!(plan.actions().configuration, None);
    plan.take(configured(|spec| spec.access_control.default_action = "deny".into()));
    assert!(matches!(plan.actions().configuration, Some(Reconfigure::InPlace(_))));
    plan.take(configured(|spec| spec.components.deny = vec!["state.x".into()]));
    let actions = plan.actions();
    assert!(matches!(actions.configuration, Some(Reconfigure::InPlace(_))));
    assert_eq!(names(&actions.components.removed), ["a"], "it is denied from now on");
    plan.take(configured(|spec| spec.tracing.sampling_rate = "1".into()));
    assert_eq!(plan.actions().configuration, Some(Reconfigure::StartOver));
}

#[test]
fn a_list_of_a_kind_is_exchanged_whole_when_it_has_changed() {
    let mut plan = plan(&[]);
    let mut endpoint = HttpEndpoint::default();
    endpoint.metadata.name = "e".into();
    plan.take(Event::HttpEndpoint(Box::new(Change::Put(endpoint.clone()))));
    assert_eq!(plan.actions().http_endpoints, Some(vec![endpoint.clone()]));
    assert_eq!(plan.http_endpoints(), [endpoint.clone()]);
    plan.take(Event::HttpEndpoint(Box::new(Change::Put(endpoint))));
    let actions = plan.actions();
    assert!(actions.http_endpoints.is_none() && actions.resiliencies.is_none() && actions.subscriptions.is_none());
}

proptest! {
    /// However events come and however seldom one looks: what the actions leave loaded is what the source has last, but
    /// for actor stores beyond one.
    #[test]
    fn any_events_end_in_what_the_source_has(
        events in prop::collection::vec((0..5_u8, 0..4_u8, any::<bool>()), 0..30)
    ) {
        let mut plan = plan(&[]);
        let mut source: BTreeMap<u8, u8> = BTreeMap::new();
        let mut loaded: BTreeMap<String, Component> = BTreeMap::new();
        let made = |name: u8, kind: u8| match kind {
            0 => actor_store(&name.to_string()),
            kind => component(&name.to_string(), &format!("state.{kind}")),
        };
        let mut act = |plan: &mut Plan| {
            let Difference { removed, changed, added } = plan.actions().components;
            for gone in removed {
                assert!(loaded.remove(&gone.metadata.name).is_some());
            }
            for change in changed {
                assert!(loaded.insert(change.metadata.name.clone(), change).is_some());
            }
            for new in added {
                assert!(loaded.insert(new.metadata.name.clone(), new).is_none());
            }
            let stores: Vec<&Component> = loaded.values().filter(|component| is_marked(component)).collect();
            assert!(stores.len() <= 1, "{stores:?}");
            loaded.clone()
        };
        for (name, kind, looks) in events {
            // Kind 3 stands for "gone".
            if kind == 3 {
                source.remove(&name);
                plan.take(Event::Component(Change::Removed(component(&name.to_string(), ""))));
            } else {
                source.insert(name, kind);
                plan.take(put(made(name, kind)));
            }
            if looks {
                act(&mut plan);
            }
        }
        let loaded = act(&mut plan);
        let plain = |all: BTreeMap<String, Component>| -> BTreeMap<String, Component> {
            all.into_iter().filter(|(_, component)| !is_marked(component)).collect()
        };
        let last: BTreeMap<String, Component> =
            source.iter().map(|(name, kind)| (name.to_string(), made(*name, *kind))).collect();
        let wants_actors = last.values().any(is_marked);
        prop_assert_eq!(loaded.values().any(is_marked), wants_actors);
        prop_assert_eq!(plain(loaded), plain(last));
    }
}

#[test]
fn subscriptions_that_change_come_last() {
    let subscription = |name: &str, topic: &str| {
        let mut subscription = Subscription::default();
        subscription.metadata.name = name.into();
        subscription.spec.topic = topic.into();
        subscription
    };
    let topics = |plan: &mut Plan| -> Option<Vec<String>> {
        let list = plan.actions().subscriptions?;
        Some(list.into_iter().map(|subscription| subscription.spec.topic).collect())
    };
    let all = |list: Vec<Subscription>| Event::Subscription(Change::All(list, vec![]));
    let mut plan = plan(&[]);
    plan.take(all(vec![subscription("a", "1"), subscription("b", "2"), subscription("b", "3")]));
    assert_eq!(topics(&mut plan), Some(vec!["1".into(), "3".into()]), "of one name the last counts");
    plan.take(all(vec![subscription("b", "3"), subscription("a", "1")]));
    assert_eq!(topics(&mut plan), None);
    plan.take(all(vec![subscription("a", "4"), subscription("b", "3")]));
    assert_eq!(topics(&mut plan), Some(vec!["3".into(), "4".into()]));
}
