//! One broker, and what its Component says beside the broker's own settings.

use std::sync::Arc;

use dapr_spi::metadata::Properties;
use dapr_spi::pubsub::PubSub;

use crate::Scopes;

/// A broker that is ready.
pub struct Broker {
    name: String,
    component: Arc<dyn PubSub>,
    settings: Settings,
}

/// What the Component's metadata say to the engine.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Who may use which topic.
    pub scopes: Scopes,
    /// Stands before every topic: the namespace, when a value of the metadata has `{namespace}` in it.
    pub topic_prefix: String,
}

impl Settings {
    /// Reads the metadata. `namespaced` says whether a value had `{namespace}` in it before that was replaced.
    pub fn read(properties: &Properties, namespaced: bool, namespace: &str) -> Self {
        let topic_prefix = if namespaced { namespace.to_owned() } else { String::new() };
        Self { scopes: Scopes::read(properties), topic_prefix }
    }
}

impl Broker {
    /// A broker under the name of its Component.
    pub fn new(name: &str, component: Arc<dyn PubSub>, settings: Settings) -> Self {
        Self { name: name.to_owned(), component, settings }
    }

    /// `metadata.name` of the Component.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The broker itself.
    pub fn component(&self) -> &Arc<dyn PubSub> {
        &self.component
    }

    /// Who may use which topic.
    pub fn scopes(&self) -> &Scopes {
        &self.settings.scopes
    }

    /// The broker's own name of a topic.
    pub fn topic(&self, topic: &str) -> String {
        format!("{}{topic}", self.settings.topic_prefix)
    }

    /// The application's name of a broker's topic.
    pub fn topic_of<'a>(&self, topic: &'a str) -> &'a str {
        topic.strip_prefix(self.settings.topic_prefix.as_str()).unwrap_or(topic)
    }
}
