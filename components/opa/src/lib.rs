//! HTTP middleware opa: policies in Rego.
