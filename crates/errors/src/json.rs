//! The JSON body of an error (interface/http-api.md 1.13).

use serde_json::{Map, Value, json};

use crate::{DOMAIN, Detail, Error, Shape, Standardized};

impl Error {
    /// The body of an HTTP answer.
    pub fn to_json(&self) -> String {
        if let Some(standardized) = self.replacement() {
            return standardized_json(standardized);
        }
        let mut body = Map::new();
        body.insert("errorCode".into(), self.row().code.into());
        body.insert("message".into(), self.message().into());
        if self.row().shape == Shape::Standard {
            body.insert("details".into(), self.details_json());
        }
        Value::Object(body).to_string()
    }

    fn details_json(&self) -> Value {
        let mut details: Vec<Value> = self.details().iter().map(detail_json).collect();
        let metadata: Map<_, _> =
            self.metadata().iter().map(|(key, value)| (key.to_string(), value.as_str().into())).collect();
        let mut info = json!({
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "domain": DOMAIN,
            "reason": self.row().reason,
        });
        info["metadata"] = if metadata.is_empty() { Value::Null } else { metadata.into() };
        details.push(info);
        details.into()
    }
}

fn standardized_json(error: &Standardized) -> String {
    let info = json!({
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "domain": error.domain, "metadata": null, "reason": error.reason,
    });
    json!({ "errorCode": error.code, "message": error.message, "details": [info] }).to_string()
}

fn detail_json(detail: &Detail) -> Value {
    match detail {
        Detail::Resource { kind, name, description } => json!({
            "@type": "type.googleapis.com/google.rpc.ResourceInfo",
            "resource_type": kind, "resource_name": name, "owner": "", "description": description,
        }),
        Detail::Field { field, description } => json!({
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            "field_violations": [{ "field": field, "description": description }],
        }),
        Detail::Help { url, description } => json!({
            "@type": "type.googleapis.com/google.rpc.Help",
            "links": [{ "url": url, "description": description }],
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table;

    #[test]
    fn a_legacy_error_has_code_and_message_only() {
        let error = Error::new(&table::SECRET_PERMISSION_DENIED, &[&"k", &"vault"]);
        assert_eq!(
            error.to_json(),
            r#"{"errorCode":"ERR_PERMISSION_DENIED","message":"access denied by policy to get \"k\" from \"vault\""}"#
        );
    }

    #[test]
    fn a_standard_error_lists_its_details_before_the_error_info() {
        let error = Error::new(&table::STATE_TOO_MANY_TRANSACTIONS, &[&11, &10])
            .with_detail(Detail::Resource { kind: "state", name: "mystore".into(), description: String::new() })
            .with_metadata("currentOpsTransaction", "11");
        let body: Value = serde_json::from_str(&error.to_json()).unwrap();
        assert_eq!(body["errorCode"], "ERR_STATE_STORE_TOO_MANY_TRANSACTIONS");
        assert_eq!(body["details"][0]["resource_name"], "mystore");
        assert_eq!(body["details"][1]["reason"], "DAPR_STATE_TOO_MANY_TRANSACTIONS");
        assert_eq!(body["details"][1]["metadata"]["currentOpsTransaction"], "11");
    }

    #[test]
    fn a_component_words_its_error_itself() {
        let given = Standardized {
            grpc: crate::Code::Cancelled,
            http: 510,
            code: "tag".into(),
            message: "why".into(),
            reason: "reason".into(),
            domain: "domain".into(),
        };
        let quoted = Error::new(&table::STATE_GET, &[&"k", &"store", &given]).with_standardized(given.clone());
        assert_eq!(
            quoted.to_json(),
            r#"{"errorCode":"ERR_STATE_GET","message":"fail to get k from state store store: api error: code = Canceled desc = why"}"#
        );
        assert_eq!((quoted.http_status(), quoted.labels()), (510, ("ERR_STATE_GET", "state")));
        let whole = Error::new(&table::STATE_QUERY, &[&"store", &given]).with_standardized(given);
        let body: Value = serde_json::from_str(&whole.to_json()).unwrap();
        assert_eq!((&body["errorCode"], &body["message"]), (&"tag".into(), &"why".into()));
        assert_eq!(body["details"][0]["domain"], "domain");
        assert_eq!(whole.labels(), ("tag", "pluggable-component"));
    }

    #[test]
    fn every_row_is_complete_and_named_once() {
        let mut names = std::collections::HashSet::new();
        for row in table::ALL {
            assert!(names.insert(row.name), "{} twice", row.name);
            assert!(!row.template.is_empty() && row.action.ends_with('.'), "{}", row.name);
            assert!((400..600).contains(&row.http), "{}", row.name);
        }
    }
}
