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

/// `app1=topic1,topic2;app2=`: an app with an empty list may use nothing.
fn by_app(text: &str) -> HashMap<String, Vec<String>> {
    let apps = text.split(';').filter_map(|app| app.split_once('='));
    apps.map(|(app, list)| (app.to_owned(), list.split(',').map(str::to_owned).collect())).collect()
}
