//! Which subscriptions an application has, when several sources name the same topic.

use std::collections::HashMap;
use std::sync::Arc;

use super::Subscription;

/// One subscription per broker and topic, in order: the first resource counts, and the application's own answer
/// replaces it; of two answers the later one counts.
pub(super) fn merge(declared: &[Arc<Subscription>], programmatic: &[Arc<Subscription>]) -> Vec<Arc<Subscription>> {
    let mut merged: Vec<Arc<Subscription>> = Vec::with_capacity(declared.len() + programmatic.len());
    let mut places: HashMap<(&str, &str), usize> = HashMap::new();
    for (subscription, replaces) in
        declared.iter().map(|one| (one, false)).chain(programmatic.iter().map(|one| (one, true)))
    {
        let key = (subscription.spec.pubsubname.as_str(), subscription.spec.topic.as_str());
        match places.get(&key) {
            Some(place) if replaces => merged[*place] = Arc::clone(subscription),
            Some(_) => {}
            None => {
                places.insert(key, merged.len());
                merged.push(Arc::clone(subscription));
            }
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use dapr_resources::subscription::{Routes, SubscriptionSpec};

    use super::super::Source;
    use super::*;

    fn subscription(pubsub: &str, topic: &str, path: &str, source: Source) -> Arc<Subscription> {
        let spec = SubscriptionSpec {
            pubsubname: pubsub.into(),
            topic: topic.into(),
            routes: Routes { default: path.into(), ..Routes::default() },
            ..SubscriptionSpec::default()
        };
        Arc::new(Subscription::new(spec, source).unwrap())
    }

    #[test]
    fn the_first_resource_counts_and_the_last_answer_replaces_it() {
        let declared = |topic, path| subscription("p", topic, path, Source::Declarative);
        let answered = |topic, path| subscription("p", topic, path, Source::Programmatic);
        let other = subscription("q", "a", "/q", Source::Declarative);
        let merged = merge(
            &[declared("a", "/1"), declared("a", "/2"), declared("b", "/3"), other],
            &[answered("b", "/4"), answered("c", "/5"), answered("b", "/6")],
        );
        let paths: Vec<&str> = merged.iter().map(|one| one.spec.routes.default.as_str()).collect();
        assert_eq!(paths, ["/1", "/6", "/q", "/5"]);
    }
}
