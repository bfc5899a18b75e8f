//! What a policy may be for, by the names that Resiliency resources use.

/// The type of a component, as default policies and metrics name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the building block of its name")]
pub enum ComponentType {
    Binding,
    Configuration,
    Lock,
    Pubsub,
    Crypto,
    Conversation,
    Secretstore,
    Statestore,
}

impl ComponentType {
    pub(crate) const ALL: [ComponentType; 8] = [
        ComponentType::Binding,
        ComponentType::Configuration,
        ComponentType::Lock,
        ComponentType::Pubsub,
        ComponentType::Crypto,
        ComponentType::Conversation,
        ComponentType::Secretstore,
        ComponentType::Statestore,
    ];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            ComponentType::Binding => "Binding",
            ComponentType::Configuration => "Configuration",
            ComponentType::Lock => "Lock",
            ComponentType::Pubsub => "Pubsub",
            ComponentType::Crypto => "Crypto",
            ComponentType::Conversation => "Conversation",
            ComponentType::Secretstore => "Secretstore",
            ComponentType::Statestore => "Statestore",
        }
    }
}

/// Whether calls come from a component or go to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Inbound,
    Outbound,
}

impl Direction {
    pub(crate) const ALL: [Direction; 2] = [Direction::Inbound, Direction::Outbound];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Direction::Inbound => "Inbound",
            Direction::Outbound => "Outbound",
        }
    }
}

/// Retries that Dapr makes by itself. Each can be changed by a retry policy of its name, but the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuiltIn {
    /// Of calls to other sidecars: 3, a second apart.
    ServiceRetries,
    /// Of calls to actors on other hosts: 3, a second apart.
    ActorRetries,
    /// Of reminders: from half a second to a minute apart, for 15 minutes.
    ActorReminderRetries,
    /// Of what a component does as it starts: 3, from half a second to a second apart, for 10 seconds.
    InitializationRetries,
    /// Of looking for an actor's host: 5, a second apart.
    ActorNotFoundRetries,
}

impl BuiltIn {
    pub(crate) const ALL: [BuiltIn; 5] = [
        BuiltIn::ServiceRetries,
        BuiltIn::ActorRetries,
        BuiltIn::ActorReminderRetries,
        BuiltIn::InitializationRetries,
        BuiltIn::ActorNotFoundRetries,
    ];

    /// The name of the retry policy that changes it.
    pub fn name(self) -> &'static str {
        match self {
            BuiltIn::ServiceRetries => "DaprBuiltInServiceRetries",
            BuiltIn::ActorRetries => "DaprBuiltInActorRetries",
            BuiltIn::ActorReminderRetries => "DaprBuiltInActorReminderRetries",
            BuiltIn::InitializationRetries => "DaprBuiltInInitializationRetries",
            BuiltIn::ActorNotFoundRetries => "DaprBuiltInActorNotFoundRetries",
        }
    }

    pub(crate) fn of_name(name: &str) -> Option<Self> {
        BuiltIn::ALL.into_iter().find(|built_in| built_in.name() == name)
    }
}
