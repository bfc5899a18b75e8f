//! HTTP middleware bearer, oauth2 and oauth2clientcredentials.
