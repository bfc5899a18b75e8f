//! Against a real OpenID Connect provider, the npm package `oidc-provider`.

mod logins;
mod provider;
mod tokens;
