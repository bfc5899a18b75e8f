//! Who may publish to a topic, and who may subscribe to it.

use std::collections::HashMap;

use dapr_spi::metadata::Properties;

/// The topic permissions of a broker's metadata: `allowedTopics`, `protectedTopics`, `publishingScopes` and
/// `subscriptionScopes`.
#[derive(Clone, Debug, Default)]
pub struct Scopes {
    allowed: Vec<String>,
    protected: Vec<String>,
    publishing: HashMap<String, Vec<String>>,
    subscription: HashMap<String, Vec<String>>,
}

impl Scopes {
    /// Reads the metadata; spaces do not count.
    pub fn read(properties: &Properties) -> Self {
        let text = |name: &str| properties.get(name).unwrap_or_default().replace(' ', "");
        Self {
            allowed: topics(&text("allowedTopics")),
            protected: topics(&text("protectedTopics")),
            publishing: by_app(&text("publishingScopes")),
            subscription: by_app(&text("subscriptionScopes")),
        }
    }

    /// Whether an app may publish to a topic.
    pub fn may_publish(&self, app_id: &str, topic: &str) -> bool {
        self.allows(self.publishing.get(app_id), topic)
    }

    /// Whether an app may subscribe to a topic.
    pub fn may_subscribe(&self, app_id: &str, topic: &str) -> bool {
        self.allows(self.subscription.get(app_id), topic)
    }

    fn allows(&self, scope: Option<&Vec<String>>, topic: &str) -> bool {
        let has = |topics: &[String]| topics.iter().any(|known| known == topic);
        if !self.allowed.is_empty() && !has(&self.allowed) {
            return false;
        }
        match scope.filter(|topics| !topics.is_empty()) {
            Some(topics) => has(topics),
            None => !has(&self.protected),
        }
    }
}

fn topics(text: &str) -> Vec<String> {
    text.split(',').filter(|topic| !topic.is_empty()).map(str::to_owned).collect()
}

/// `app1=topic1,topic2;app2=`: an app with an empty list may use nothing. An app that stands there twice has both
/// lists.
fn by_app(text: &str) -> HashMap<String, Vec<String>> {
    let mut apps: HashMap<String, Vec<String>> = HashMap::new();
    for (app, list) in text.split(';').filter_map(|app| app.split_once('=')) {
        apps.entry(app.to_owned()).or_default().extend(list.split(',').map(str::to_owned));
    }
    apps
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scopes(pairs: &[(&str, &str)]) -> Scopes {
        Scopes::read(&Properties::from_pairs(pairs.iter().copied()))
    }

    #[test]
    fn without_metadata_everything_is_allowed() {
        let scopes = scopes(&[]);
        assert!(scopes.may_publish("a", "t") && scopes.may_subscribe("a", "t"));
    }

    #[test]
    fn an_app_that_is_listed_may_use_its_topics_only() {
        let scopes = scopes(&[("PublishingScopes", "a = t1, t2 ; b=; a=t3"), ("subscriptionScopes", "a=t4")]);
        for (app, topic, allowed) in
            [("a", "t1", true), ("a", "t3", true), ("a", "t4", false), ("b", "t1", false), ("c", "t1", true)]
        {
            assert_eq!(scopes.may_publish(app, topic), allowed, "{app} {topic}");
        }
        assert!(scopes.may_subscribe("a", "t4") && !scopes.may_subscribe("a", "t1"));
    }

    #[test]
    fn a_protected_topic_needs_a_scope_and_nothing_beside_the_allowed_ones_is_used() {
        let scopes = scopes(&[("allowedTopics", "t1,t2"), ("protectedTopics", "t2"), ("publishingScopes", "a=t2,t3")]);
        for (app, topic, allowed) in [("a", "t2", true), ("a", "t3", false), ("b", "t1", true), ("b", "t2", false)] {
            assert_eq!(scopes.may_publish(app, topic), allowed, "{app} {topic}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "[a=;, ]{0,20}|\\PC{0,20}") {
            let scopes = scopes(&[("publishingScopes", &text), ("protectedTopics", &text), ("allowedTopics", &text)]);
            let _ = scopes.may_publish("a", "a");
        }
    }
}
