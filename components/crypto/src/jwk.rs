//! JSON Web Keys, read and written.

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{
    ED25519, EcdsaKeyPair, Ed25519KeyPair, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

use crate::key::{Curve, Key, Kind, Material, of_ec, of_ed25519, of_rsa};

/// A key as RFC 7517 and 7518 have it.
#[derive(Deserialize)]
pub(crate) struct Jwk {
    kty: String,
    #[serde(default, rename = "use")]
    usage: String,
    #[serde(default)]
    key_ops: Vec<String>,
    #[serde(default)]
    alg: String,
    #[serde(default)]
    crv: String,
    k: Option<String>,
    n: Option<String>,
    e: Option<String>,
    d: Option<String>,
    p: Option<String>,
    q: Option<String>,
    dp: Option<String>,
    dq: Option<String>,
    qi: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl Jwk {
    pub(crate) fn parse(raw: &[u8]) -> Result<Self, String> {
        // The library quotes values of wrong types, which may be secret.
        serde_json::from_slice(raw)
            .map_err(|error| format!("not a JSON Web Key, line {} column {}", error.line(), error.column()))
    }

    pub(crate) fn into_key(self) -> Result<Key, String> {
        let material = match self.kty.as_str() {
            "oct" => Material::Symmetric(field("k", self.k.as_deref())?),
            "RSA" => self.rsa()?,
            "EC" => self.ec()?,
            "OKP" => self.okp()?,
            other => return Err(format!("invalid key type `{other}`: expected oct, RSA, EC or OKP")),
        };
        Ok(Key { material, usage: self.usage, operations: self.key_ops, algorithm: self.alg })
    }

    fn rsa(&self) -> Result<Material, String> {
        let public_key = RsaPublicKeyComponents {
            n: without_zeros(field("n", self.n.as_deref())?),
            e: without_zeros(field("e", self.e.as_deref())?),
        };
        if self.d.is_none() {
            let parsed = public_key.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256);
            let parsed = parsed.map_err(|_| "not an RSA key of 2048 to 8192 bits")?;
            return public(Kind::Rsa, &parsed);
        }
        let components = rsa::KeyPairComponents {
            public_key,
            d: field("d", self.d.as_deref())?,
            p: field("p", self.p.as_deref())?,
            q: field("q", self.q.as_deref())?,
            dP: field("dp", self.dp.as_deref())?,
            dQ: field("dq", self.dq.as_deref())?,
            qInv: field("qi", self.qi.as_deref())?,
        };
        of_rsa(&rsa::KeyPair::from_components(&components).map_err(|_| "not an RSA key of 2048 to 8192 bits")?)
    }

    fn ec(&self) -> Result<Material, String> {
        let curve = Curve::ALL.into_iter().find(|curve| curve.name() == self.crv);
        let curve = curve.ok_or_else(|| format!("curve `{}` is none of P-256, P-384 and P-521", self.crv))?;
        let point = [vec![4], field("x", self.x.as_deref())?, field("y", self.y.as_deref())?].concat();
        let wrong = |_| format!("not a key of {}", curve.name());
        match &self.d {
            None => public(Kind::Ec(curve), &ParsedPublicKey::new(curve.verifying(), point).map_err(wrong)?),
            Some(_) => {
                let d = field("d", self.d.as_deref())?;
                let pair = EcdsaKeyPair::from_private_key_and_public_key(curve.signing(), &d, &point);
                of_ec(curve, &pair.map_err(wrong)?)
            }
        }
    }

    fn okp(&self) -> Result<Material, String> {
        if self.crv != "Ed25519" {
            return Err(format!("curve `{}` is not Ed25519", self.crv));
        }
        let x = field("x", self.x.as_deref())?;
        match &self.d {
            None => public(Kind::Ed25519, &ParsedPublicKey::new(&ED25519, x).map_err(|_| "not a key of Ed25519")?),
            Some(_) => {
                let pair = Ed25519KeyPair::from_seed_and_public_key(&field("d", self.d.as_deref())?, &x);
                of_ed25519(&pair.map_err(|_| "not a key of Ed25519")?)
            }
        }
    }
}

fn field(name: &str, value: Option<&str>) -> Result<Vec<u8>, String> {
    let value = value.ok_or_else(|| format!("field `{name}` is missing"))?;
    URL_SAFE_NO_PAD.decode(value.trim_end_matches('=')).map_err(|_| format!("field `{name}` is not base64url"))
}

fn without_zeros(bytes: Vec<u8>) -> Vec<u8> {
    let first = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    bytes[first..].to_vec()
}

fn public(kind: Kind, parsed: &ParsedPublicKey) -> Result<Material, String> {
    let der: PublicKeyX509Der<'_> = parsed.as_der().map_err(|_| "the key cannot be written again")?;
    Ok(Material::Asymmetric { kind, public: der.as_ref().to_vec(), private: None })
}

/// The public half, members sorted by name.
pub(crate) fn write(kind: Kind, spki: &[u8]) -> Option<String> {
    let (_, info) = SubjectPublicKeyInfo::from_der(spki).ok()?;
    let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let value = match (kind, info.parsed()) {
        (Kind::Rsa, Ok(PublicKey::RSA(key))) => {
            let (n, e) = (without_zeros(key.modulus.to_vec()), without_zeros(key.exponent.to_vec()));
            serde_json::json!({ "e": text(&e), "kty": "RSA", "n": text(&n) })
        }
        (Kind::Ec(curve), Ok(PublicKey::EC(point))) => {
            let [4, coordinates @ ..] = point.data() else { return None };
            let (x, y) = coordinates.split_at(coordinates.len() / 2);
            serde_json::json!({ "crv": curve.name(), "kty": "EC", "x": text(x), "y": text(y) })
        }
        (Kind::Ed25519, _) => {
            let x = info.subject_public_key.data.as_ref();
            serde_json::json!({ "crv": "Ed25519", "kty": "OKP", "x": text(x) })
        }
        _ => return None,
    };
    Some(value.to_string())
}
