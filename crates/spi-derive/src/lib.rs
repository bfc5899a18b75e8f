//! `#[derive(Metadata)]`: declares the metadata fields of a component from a struct.
//!
//! Each field takes its documentation from its doc comment and
//! `#[metadata(name = "redisHost", aliases("host"), default = "20s", required, secret, ignored)]`.
//! Without `name`, the Rust name in lower camel case is used. A field without
//! `required` must have a `default` or be an `Option`.

use proc_macro::TokenStream;
use proc_macro2::TokenStream as Tokens;
use quote::quote;
use syn::{Data, DeriveInput, Fields, Token, Type, parse_macro_input, punctuated::Punctuated};

/// Implements `dapr_spi::metadata::Metadata`.
#[proc_macro_derive(Metadata, attributes(metadata))]
pub fn derive_metadata(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    expand(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}

fn expand(input: &DeriveInput) -> syn::Result<Tokens> {
    let fields = named_fields(input)?.iter().map(Declared::read).collect::<syn::Result<Vec<_>>>()?;
    let name = &input.ident;
    let declarations = fields.iter().map(Declared::declaration);
    let readers = fields.iter().enumerate().map(|(index, field)| field.reader(index));
    let values = fields.iter().map(Declared::value);
    Ok(quote! {
        impl ::dapr_spi::metadata::Metadata for #name {
            const FIELDS: &'static [::dapr_spi::metadata::Field] = &[#(#declarations),*];

            fn parse(
                properties: &::dapr_spi::metadata::Properties,
            ) -> ::std::result::Result<Self, ::std::vec::Vec<::dapr_spi::metadata::Problem>> {
                let mut problems = ::std::vec::Vec::new();
                #(#readers)*
                if !problems.is_empty() {
                    return Err(problems);
                }
                Ok(Self { #(#values),* })
            }
        }
    })
}

fn named_fields(input: &DeriveInput) -> syn::Result<Vec<syn::Field>> {
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => Ok(fields.named.iter().cloned().collect()),
            Fields::Unit => Ok(Vec::new()),
            Fields::Unnamed(_) => Err(syn::Error::new_spanned(&input.ident, "fields must have names")),
        },
        _ => Err(syn::Error::new_spanned(&input.ident, "only a struct can be metadata")),
    }
}

/// One field as declared.
struct Declared {
    ident: syn::Ident,
    ty: Type,
    name: String,
    aliases: Vec<String>,
    description: String,
    default: Option<String>,
    required: bool,
    secret: bool,
    ignored: bool,
}

impl Declared {
    fn read(field: &syn::Field) -> syn::Result<Self> {
        let ident = field.ident.clone().expect("named_fields returns fields with names");
        let mut declared = Self {
            name: lower_camel(&ident.to_string()),
            ident,
            ty: field.ty.clone(),
            aliases: Vec::new(),
            description: doc_of(field),
            default: None,
            required: false,
            secret: false,
            ignored: false,
        };
        for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("metadata")) {
            declared.apply(attribute)?;
        }
        if !declared.required && declared.default.is_none() && !is_option(&declared.ty) {
            return Err(syn::Error::new_spanned(field, "give it a default, make it required, or make it an Option"));
        }
        Ok(declared)
    }

    fn apply(&mut self, attribute: &syn::Attribute) -> syn::Result<()> {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("name") {
                self.name = meta.value()?.parse::<syn::LitStr>()?.value();
            } else if meta.path.is_ident("default") {
                self.default = Some(meta.value()?.parse::<syn::LitStr>()?.value());
            } else if meta.path.is_ident("aliases") {
                let content;
                syn::parenthesized!(content in meta.input);
                let names = Punctuated::<syn::LitStr, Token![,]>::parse_terminated(&content)?;
                self.aliases = names.iter().map(syn::LitStr::value).collect();
            } else if meta.path.is_ident("required") {
                self.required = true;
            } else if meta.path.is_ident("secret") {
                self.secret = true;
            } else if meta.path.is_ident("ignored") {
                self.ignored = true;
            } else {
                return Err(meta.error("expected name, aliases, default, required, secret or ignored"));
            }
            Ok(())
        })
    }

    fn declaration(&self) -> Tokens {
        let Self { name, aliases, description, ty, required, secret, ignored, .. } = self;
        let default = self.default.as_deref().unwrap_or("");
        quote! {
            ::dapr_spi::metadata::Field {
                name: #name,
                aliases: &[#(#aliases),*],
                description: #description,
                kind: <#ty as ::dapr_spi::metadata::FieldValue>::KIND,
                default: #default,
                required: #required,
                secret: #secret,
                ignored: #ignored,
            }
        }
    }

    fn reader(&self, index: usize) -> Tokens {
        let Self { ident, ty, .. } = self;
        quote! {
            let #ident = ::dapr_spi::metadata::read::<#ty>(
                &<Self as ::dapr_spi::metadata::Metadata>::FIELDS[#index], properties, &mut problems,
            );
        }
    }

    fn value(&self) -> Tokens {
        let Self { ident, ty, name, .. } = self;
        match &self.default {
            Some(default) => {
                let message = format!("the default of `{name}` must be a valid value");
                quote! {
                    #ident: #ident.unwrap_or_else(|| {
                        <#ty as ::dapr_spi::metadata::FieldValue>::read(#default).expect(#message)
                    })
                }
            }
            None if self.required => {
                quote! { #ident: #ident.expect("a required field that is missing was reported above") }
            }
            None => quote! { #ident: #ident.flatten() },
        }
    }
}

fn is_option(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|segment| segment.ident == "Option"))
}

fn lower_camel(name: &str) -> String {
    let mut words = name.split('_');
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        camel.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        camel.push_str(letters.as_str());
    }
    camel
}

fn doc_of(field: &syn::Field) -> String {
    let line = |attribute: &syn::Attribute| match &attribute.meta {
        syn::Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value().trim().to_owned()),
            _ => None,
        },
        _ => None,
    };
    field.attrs.iter().filter_map(line).collect::<Vec<_>>().join(" ")
}
