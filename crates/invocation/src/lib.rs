//! Service invocation: finding an app, calling its sidecar, deciding who may call.
