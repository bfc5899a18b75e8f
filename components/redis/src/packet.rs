//! What travels in one round trip: one command, or several in a row.

use std::future::Future;

use redis::aio::MultiplexedConnection;
use redis::{Cmd, Pipeline, RedisResult, ServerError, Value};

/// Commands that are sent together.
pub(crate) trait Packet: Sync {
    /// One reply, or one per command.
    type Reply: Send;

    /// Sends the commands and waits for the replies.
    fn send(&self, connection: &mut MultiplexedConnection) -> impl Future<Output = RedisResult<Self::Reply>> + Send;

    /// The first refusal of a reply, which stands for all: the servers' states that it tells of concern every command.
    fn refusal(reply: &Self::Reply) -> Option<&ServerError>;

    /// The same commands, each after `ASKING`, for a node that takes over their slot.
    fn asking(&self) -> Pipeline;

    /// Takes the replies of [`Packet::asking`].
    fn of_asked(replies: Vec<Value>) -> Option<Self::Reply>;
}

impl Packet for Cmd {
    type Reply = Value;

    async fn send(&self, connection: &mut MultiplexedConnection) -> RedisResult<Value> {
        connection.send_packed_command(self).await
    }

    fn refusal(reply: &Value) -> Option<&ServerError> {
        if let Value::ServerError(error) = reply { Some(error) } else { None }
    }

    fn asking(&self) -> Pipeline {
        let mut pipeline = Pipeline::with_capacity(2);
        pipeline.cmd("ASKING").add_command(self.clone());
        pipeline
    }

    fn of_asked(mut replies: Vec<Value>) -> Option<Value> {
        replies.pop()
    }
}

impl Packet for Pipeline {
    type Reply = Vec<Value>;

    async fn send(&self, connection: &mut MultiplexedConnection) -> RedisResult<Vec<Value>> {
        connection.send_packed_commands(self, 0, self.len()).await
    }

    fn refusal(replies: &Vec<Value>) -> Option<&ServerError> {
        replies.first().and_then(Cmd::refusal)
    }

    fn asking(&self) -> Pipeline {
        let mut pipeline = Pipeline::with_capacity(2 * self.len());
        for command in self.cmd_iter() {
            pipeline.cmd("ASKING").add_command(command.clone());
        }
        pipeline
    }

    fn of_asked(replies: Vec<Value>) -> Option<Vec<Value>> {
        Some(replies.into_iter().skip(1).step_by(2).collect())
    }
}
