//! Calls of one output binding.

use std::sync::Arc;

use dapr_errors::{Error, table};
use dapr_resiliency::{Error as PolicyError, Policy, Verdict};
use dapr_spi::ErrorKind;
use dapr_spi::binding::{Binding, Failure, InvokeRequest, InvokeResponse, Map};

use crate::gate::Gate;

/// A call that was not done, and what the target said beside it.
#[derive(Debug)]
pub struct Refused {
    /// Why.
    pub error: Error,
    /// As in [`InvokeResponse`].
    pub metadata: Map,
}

impl Refused {
    pub(crate) fn new(binding: &str, cause: &dyn std::fmt::Display) -> Self {
        Self { error: Error::new(&table::INVOKE_OUTPUT_BINDING, &[&binding, cause]), metadata: Map::new() }
    }
}

/// An output binding that can be called.
pub(crate) struct Output {
    pub(crate) binding: Arc<dyn Binding>,
    pub(crate) gate: Gate,
}

impl Output {
    /// Does one operation, which the binding must have.
    pub(crate) async fn invoke(
        &self,
        name: &str,
        mut request: InvokeRequest,
        policy: &Policy,
    ) -> Result<InvokeResponse, Refused> {
        let Some(target) = self.binding.output() else {
            return Err(Refused::new(name, &format_args!("couldn't find output binding {name}")));
        };
        let operations = target.operations();
        if !operations.contains(&request.operation) {
            let cause = format!(
                "binding {name} does not support operation {}. supported operations:{}",
                request.operation,
                operations.join(" ")
            );
            return Err(Refused::new(name, &cause));
        }
        let again = policy.retries();
        let attempt = |_| {
            let request = if again { request.clone() } else { std::mem::take(&mut request) };
            target.invoke(request)
        };
        let error = match policy.run(judge, attempt).await {
            Ok(response) => return Ok(response),
            Err(PolicyError::Failed { error, .. }) => error,
            Err(refused) => return Err(Refused::new(name, &refused)),
        };
        let Failure { error, metadata } = error;
        Err(Refused { metadata, ..Refused::new(name, &error) })
    }
}

fn judge(outcome: &Result<InvokeResponse, Failure>) -> Verdict {
    match outcome {
        Ok(_) => Verdict::Success,
        Err(failure) if matches!(failure.error.kind(), ErrorKind::Invalid | ErrorKind::Unsupported) => {
            Verdict::Permanent
        }
        Err(_) => Verdict::Retriable,
    }
}
