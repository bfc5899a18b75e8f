//! The functions of the module `http_handler` that guests call.
//!
//! Facts: <https://http-wasm.io/http-handler-abi/>. A guest that breaks the rules is stopped: its call ends with an error.

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, Version};
use wasmi::{Caller, Error, Linker};

use crate::exchange::{BUFFER_REQUEST, BUFFER_RESPONSE, Exchange, MAX_HELD};
use crate::guest::{ReadBody, State, memory_of};

const MODULE: &str = "http_handler";
/// The features there are; trailers are not one of them.
const FEATURES: u32 = BUFFER_REQUEST | BUFFER_RESPONSE;
/// The longest text a guest may pass: a URI, a header, a log line.
const MAX_TEXT: usize = 1 << 20;

type Guest<'a> = Caller<'a, State>;

/// Adds them.
pub(crate) fn link(linker: &mut Linker<State>) -> Result<(), Error> {
    linker.func_wrap(MODULE, "enable_features", enable_features)?;
    linker.func_wrap(MODULE, "get_config", |mut guest: Guest<'_>, buffer: u32, limit: u32| {
        let config = guest.data().config.clone();
        give(&mut guest, buffer, limit, &config)
    })?;
    linker.func_wrap(MODULE, "log_enabled", |level: i32| i32::from(is_logged(level)))?;
    linker.func_wrap(MODULE, "log", log)?;
    linker.func_wrap(MODULE, "get_method", |mut guest: Guest<'_>, buffer: u32, limit: u32| {
        let method = exchange(&mut guest)?.request.method.clone();
        give(&mut guest, buffer, limit, method.as_str().as_bytes())
    })?;
    linker.func_wrap(MODULE, "set_method", |mut guest: Guest<'_>, at: u32, length: u32| {
        let method = Method::from_bytes(&taken(&guest, at, length)?).map_err(|_| Error::new("a method is none"))?;
        before_next(&mut guest, "the method")?.request.method = method;
        Ok::<_, Error>(())
    })?;
    linker.func_wrap(MODULE, "get_uri", |mut guest: Guest<'_>, buffer: u32, limit: u32| {
        let uri = &exchange(&mut guest)?.request.uri;
        let uri = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        give(&mut guest, buffer, limit, uri.as_bytes())
    })?;
    linker.func_wrap(MODULE, "set_uri", set_uri)?;
    linker.func_wrap(MODULE, "get_protocol_version", |mut guest: Guest<'_>, buffer: u32, limit: u32| {
        let version = match exchange(&mut guest)?.request.version {
            Version::HTTP_2 => "HTTP/2.0",
            Version::HTTP_10 => "HTTP/1.0",
            _ => "HTTP/1.1",
        };
        give(&mut guest, buffer, limit, version.as_bytes())
    })?;
    linker.func_wrap(MODULE, "get_source_addr", |mut guest: Guest<'_>, buffer: u32, limit: u32| {
        let source = exchange(&mut guest)?.source.clone();
        give(&mut guest, buffer, limit, source.as_bytes())
    })?;
    linker.func_wrap(MODULE, "get_status_code", |mut guest: Guest<'_>| {
        Ok::<_, Error>(u32::from(exchange(&mut guest)?.response.status.as_u16()))
    })?;
    linker.func_wrap(MODULE, "set_status_code", |mut guest: Guest<'_>, status: u32| {
        let code = u16::try_from(status).ok().and_then(|status| StatusCode::from_u16(status).ok());
        let code = code.ok_or_else(|| Error::new(format!("{status} is not a status")))?;
        answerable(&mut guest, "the status")?.response.status = code;
        Ok::<_, Error>(())
    })?;
    link_headers(linker)?;
    linker.func_wrap(MODULE, "read_body", read_body)?;
    linker.func_wrap(MODULE, "write_body", write_body)?;
    Ok(())
}

fn link_headers(linker: &mut Linker<State>) -> Result<(), Error> {
    linker.func_wrap(MODULE, "get_header_names", |mut guest: Guest<'_>, kind: u32, buffer: u32, limit: u32| {
        let mut names: Vec<Vec<u8>> = match headers(&mut guest, kind)? {
            Some(headers) => headers.keys().map(|name| name.as_str().into()).collect(),
            None => Vec::new(),
        };
        if kind == 0 && !names.contains(&b"host".to_vec()) && host(exchange(&mut guest)?).is_some() {
            names.push(b"host".to_vec());
        }
        names.sort();
        give_all(&mut guest, buffer, limit, &names)
    })?;
    linker.func_wrap(
        MODULE,
        "get_header_values",
        |mut guest: Guest<'_>, kind: u32, name: u32, name_length: u32, buffer: u32, limit: u32| {
            let name = header_name(&guest, name, name_length)?;
            let mut values: Vec<Vec<u8>> = match headers(&mut guest, kind)? {
                Some(headers) => headers.get_all(&name).iter().map(|value| value.as_bytes().to_vec()).collect(),
                None => Vec::new(),
            };
            if kind == 0 && name == http::header::HOST && values.is_empty() {
                values.extend(host(exchange(&mut guest)?).map(Vec::from));
            }
            give_all(&mut guest, buffer, limit, &values)
        },
    )?;
    for (function, replaces) in [("set_header_value", true), ("add_header_value", false)] {
        linker.func_wrap(
            MODULE,
            function,
            move |mut guest: Guest<'_>, kind: u32, name: u32, name_length: u32, value: u32, value_length: u32| {
                let name = header_name(&guest, name, name_length)?;
                let value = HeaderValue::from_bytes(&taken(&guest, value, value_length)?);
                let value = value.map_err(|_| Error::new(format!("the value of header `{name}` cannot be one")))?;
                let headers = changeable_headers(&mut guest, kind)?;
                if replaces {
                    headers.insert(name, value);
                } else {
                    headers.append(name, value);
                }
                Ok::<_, Error>(())
            },
        )?;
    }
    linker.func_wrap(MODULE, "remove_header", |mut guest: Guest<'_>, kind: u32, name: u32, name_length: u32| {
        let name = header_name(&guest, name, name_length)?;
        changeable_headers(&mut guest, kind)?.remove(name);
        Ok::<_, Error>(())
    })?;
    Ok(())
}

fn enable_features(mut guest: Guest<'_>, features: u32) -> u32 {
    let state = guest.data_mut();
    let enabled = match state.exchange.as_deref_mut() {
        Some(exchange) => &mut exchange.features,
        None => &mut state.features,
    };
    *enabled |= features & FEATURES;
    *enabled
}

fn log(guest: Guest<'_>, level: i32, at: u32, length: u32) -> Result<(), Error> {
    if !is_logged(level) {
        return Ok(());
    }
    let message = taken(&guest, at, length)?;
    let message = String::from_utf8_lossy(&message);
    match level {
        -1 => tracing::debug!("{message}"),
        0 => tracing::info!("{message}"),
        1 => tracing::warn!("{message}"),
        _ => tracing::error!("{message}"),
    }
    Ok(())
}

/// From -1, debug, to 2, error; 3 is none.
fn is_logged(level: i32) -> bool {
    match level {
        -1 => tracing::enabled!(tracing::Level::DEBUG),
        0 => tracing::enabled!(tracing::Level::INFO),
        1 => tracing::enabled!(tracing::Level::WARN),
        2 => tracing::enabled!(tracing::Level::ERROR),
        _ => false,
    }
}

fn set_uri(mut guest: Guest<'_>, at: u32, length: u32) -> Result<(), Error> {
    let text = taken(&guest, at, length)?;
    let text: &[u8] = if text.is_empty() { b"/" } else { &text };
    let uri = Uri::try_from(text).ok().filter(|uri| uri.path().starts_with('/'));
    let uri = uri.ok_or_else(|| Error::new("a URI is none"))?;
    let request = &mut before_next(&mut guest, "the URI")?.request;
    let mut parts = request.uri.clone().into_parts();
    parts.path_and_query = uri.path_and_query().cloned();
    request.uri = Uri::from_parts(parts).map_err(|_| Error::new("a URI is none"))?;
    Ok(())
}

fn read_body(mut guest: Guest<'_>, kind: u32, buffer: u32, limit: u32) -> Result<i64, Error> {
    if limit == 0 {
        return Err(Error::new("a body was to be read to a place without room"));
    }
    let exchange = exchange(&mut guest)?;
    let is_request = match kind {
        0 if !exchange.is_after_next || exchange.features & BUFFER_REQUEST != 0 => true,
        1 if !exchange.is_after_next || exchange.features & BUFFER_RESPONSE != 0 => false,
        0 | 1 => return Err(Error::new("a body cannot be read after the next handler unless it is buffered")),
        _ => return Err(unknown(kind)),
    };
    // The bytes may not be here yet: the call is interrupted and goes on with what was read.
    Err(Error::host(ReadBody { is_request, buffer: buffer as usize, limit: limit as usize }))
}

fn write_body(mut guest: Guest<'_>, kind: u32, at: u32, length: u32) -> Result<(), Error> {
    let bytes = taken_up_to(&guest, at, length, MAX_HELD)?;
    let written = match kind {
        0 => &mut before_next(&mut guest, "the request's body")?.request_written,
        1 => &mut answerable(&mut guest, "the answer's body")?.response_written,
        _ => return Err(unknown(kind)),
    };
    let written = written.get_or_insert_default();
    if written.len() + bytes.len() > MAX_HELD {
        return Err(Error::new(format!("more than {MAX_HELD} bytes were written to a body")));
    }
    written.extend_from_slice(&bytes);
    Ok(())
}

fn exchange<'a>(guest: &'a mut Guest<'_>) -> Result<&'a mut Exchange, Error> {
    guest.data_mut().exchange.as_deref_mut().ok_or_else(|| Error::new("there is no request yet"))
}

fn before_next<'a>(guest: &'a mut Guest<'_>, what: &str) -> Result<&'a mut Exchange, Error> {
    let exchange = exchange(guest)?;
    if exchange.is_after_next {
        return Err(Error::new(format!("{what} cannot be changed after the next handler")));
    }
    Ok(exchange)
}

fn answerable<'a>(guest: &'a mut Guest<'_>, what: &str) -> Result<&'a mut Exchange, Error> {
    let exchange = exchange(guest)?;
    if exchange.is_after_next && exchange.features & BUFFER_RESPONSE == 0 {
        return Err(Error::new(format!(
            "{what} cannot be changed after the next handler unless the answer is buffered"
        )));
    }
    Ok(exchange)
}

/// Headers of the request (0) or the answer (1); there are no trailers (2 and 3).
fn headers<'a>(guest: &'a mut Guest<'_>, kind: u32) -> Result<Option<&'a HeaderMap>, Error> {
    match kind {
        0 => Ok(Some(&exchange(guest)?.request.headers)),
        1 => Ok(Some(&exchange(guest)?.response.headers)),
        2 | 3 => Ok(None),
        _ => Err(unknown(kind)),
    }
}

fn changeable_headers<'a>(guest: &'a mut Guest<'_>, kind: u32) -> Result<&'a mut HeaderMap, Error> {
    match kind {
        0 => Ok(&mut before_next(guest, "a header of the request")?.request.headers),
        1 => Ok(&mut answerable(guest, "a header of the answer")?.response.headers),
        2 | 3 => Err(Error::new("trailers are not supported, as `enable_features` told")),
        _ => Err(unknown(kind)),
    }
}

fn host(exchange: &Exchange) -> Option<&[u8]> {
    exchange.request.uri.authority().map(|authority| authority.as_str().as_bytes())
}

fn header_name(guest: &Guest<'_>, at: u32, length: u32) -> Result<HeaderName, Error> {
    HeaderName::from_bytes(&taken(guest, at, length)?).map_err(|_| Error::new("the name of a header cannot be one"))
}

fn unknown(kind: u32) -> Error {
    Error::new(format!("{kind} is no kind of header or body"))
}

/// Text out of the guest's memory.
fn taken(guest: &Guest<'_>, at: u32, length: u32) -> Result<Vec<u8>, Error> {
    taken_up_to(guest, at, length, MAX_TEXT)
}

fn taken_up_to(guest: &Guest<'_>, at: u32, length: u32, limit: usize) -> Result<Vec<u8>, Error> {
    let (at, length) = (at as usize, length as usize);
    if length > limit {
        return Err(Error::new(format!("a text is longer than {limit} bytes")));
    }
    let memory = memory_of(guest)?;
    let bytes = memory.data(guest).get(at..).and_then(|memory| memory.get(..length));
    bytes.map(<[u8]>::to_vec).ok_or_else(|| Error::new("a text is outside the memory"))
}

/// Puts bytes into the guest's memory when there is room for all; gives their number either way.
fn give(guest: &mut Guest<'_>, buffer: u32, limit: u32, bytes: &[u8]) -> Result<u32, Error> {
    let length = u32::try_from(bytes.len()).map_err(|_| Error::new("a text is too long for a guest"))?;
    if length <= limit && length > 0 {
        let memory = memory_of(guest)?;
        memory.write(guest, buffer as usize, bytes)?;
    }
    Ok(length)
}

/// Puts texts, each with a zero at its end, into the guest's memory when there is room for all; gives their number in the
/// upper half and that of the bytes in the lower.
fn give_all(guest: &mut Guest<'_>, buffer: u32, limit: u32, texts: &[Vec<u8>]) -> Result<u64, Error> {
    let bytes: Vec<u8> = texts.iter().flat_map(|text| text.iter().copied().chain([0])).collect();
    let length = give(guest, buffer, limit, &bytes)?;
    Ok((texts.len() as u64) << 32 | u64::from(length))
}
