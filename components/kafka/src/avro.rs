//! Avro values as JSON, and JSON as Avro values, by a schema. Nothing else of Avro is needed: no files, no resolution.
//!
//! Plain JSON gives a union's value as it is; Avro JSON names its branch (`{"string":"x"}`). Bytes are texts in which each
//! character is a byte. Logical types are what they are stored as, numbers and texts.

use std::collections::HashMap;

use apache_avro::Schema;
use apache_avro::schema::{FixedSchema, Name, RecordSchema, UnionSchema};
use serde_json::{Map, Number, Value};

/// Levels of values within values; a schema may refer to itself.
const MAX_DEPTH: usize = 64;
/// Values in one message.
const MAX_VALUES: usize = 4 << 20;

/// A schema that values are converted by.
pub(crate) struct Codec {
    schema: Schema,
    names: HashMap<String, Schema>,
    /// A union's value names its branch.
    names_branches: bool,
}

impl Codec {
    /// Reads a schema.
    pub(crate) fn new(text: &str, names_branches: bool) -> Result<Self, String> {
        let mut json: Value = serde_json::from_str(text).map_err(|error| format!("the schema is no JSON: {error}"))?;
        without_logical_types(&mut json);
        let schema = Schema::parse(&json).map_err(|error| format!("the schema is no Avro schema: {error}"))?;
        let mut names = HashMap::new();
        collect_names(&schema, &mut names);
        Ok(Self { schema, names, names_branches })
    }

    /// JSON as Avro.
    pub(crate) fn encode(&self, json: &[u8]) -> Result<Vec<u8>, String> {
        let value: Value = serde_json::from_slice(json).map_err(|error| format!("the value is no JSON: {error}"))?;
        let mut out = Vec::with_capacity(json.len());
        self.write(&self.schema, &value, &mut out)?;
        Ok(out)
    }

    /// Avro as JSON.
    pub(crate) fn decode(&self, bytes: &[u8]) -> Result<Vec<u8>, String> {
        let mut input = Input { bytes, depth: 0, values: 0 };
        let value = self.read(&self.schema, &mut input)?;
        serde_json::to_vec(&value).map_err(|error| error.to_string())
    }

    fn resolved<'a>(&'a self, schema: &'a Schema) -> Result<&'a Schema, String> {
        match schema {
            Schema::Ref { name } => {
                self.names.get(&name.fullname(None)).ok_or_else(|| format!("the schema does not define `{name}`"))
            }
            schema => Ok(schema),
        }
    }

    fn write(&self, schema: &Schema, value: &Value, out: &mut Vec<u8>) -> Result<(), String> {
        let wrong = |expected: &str| Err(format!("expected {expected}, found {}", kind_of(value)));
        match (self.resolved(schema)?, value) {
            (Schema::Null, Value::Null) => {}
            (Schema::Null, _) => return wrong("null"),
            (Schema::Boolean, Value::Bool(value)) => out.push(u8::from(*value)),
            (Schema::Boolean, _) => return wrong("true or false"),
            (Schema::Int, value) => match whole(value).map(i32::try_from) {
                Some(Ok(number)) => write_long(number.into(), out),
                _ => return wrong("a whole number of 32 bits"),
            },
            (Schema::Long, value) => match whole(value) {
                Some(number) => write_long(number, out),
                None => return wrong("a whole number of 64 bits"),
            },
            #[expect(clippy::cast_possible_truncation, reason = "a float of Avro has 32 bits")]
            (Schema::Float, Value::Number(number)) => {
                out.extend((number.as_f64().unwrap_or(f64::NAN) as f32).to_le_bytes());
            }
            (Schema::Double, Value::Number(number)) => {
                out.extend(number.as_f64().unwrap_or(f64::NAN).to_le_bytes());
            }
            (Schema::Float | Schema::Double, _) => return wrong("a number"),
            (Schema::String, Value::String(text)) => write_bytes(text.as_bytes(), out),
            (Schema::String, _) => return wrong("a text"),
            (Schema::Bytes, value) => write_bytes(&bytes_of(value)?, out),
            (Schema::Fixed(FixedSchema { size, name, .. }), value) => {
                let bytes = bytes_of(value)?;
                if bytes.len() != *size {
                    return Err(format!("`{name}` has {size} bytes, found {}", bytes.len()));
                }
                out.extend(bytes);
            }
            (Schema::Enum(schema), Value::String(text)) => {
                let index = schema.symbols.iter().position(|symbol| symbol == text);
                let index = index.ok_or_else(|| format!("`{}` has no symbol `{text}`", schema.name))?;
                write_long(index.try_into().unwrap_or_default(), out);
            }
            (Schema::Enum(_), _) => return wrong("a text"),
            (Schema::Array(schema), Value::Array(items)) => {
                write_block(items.len(), out);
                for item in items {
                    self.write(&schema.items, item, out)?;
                }
                end_blocks(items.len(), out);
            }
            (Schema::Array(_), _) => return wrong("an array"),
            (Schema::Map(schema), Value::Object(entries)) => {
                write_block(entries.len(), out);
                for (name, value) in entries {
                    write_bytes(name.as_bytes(), out);
                    self.write(&schema.types, value, out).map_err(|error| format!("`{name}`: {error}"))?;
                }
                end_blocks(entries.len(), out);
            }
            (Schema::Record(schema), Value::Object(fields)) => self.write_record(schema, fields, out)?,
            (Schema::Map(_) | Schema::Record(_), _) => return wrong("an object"),
            (Schema::Union(union), value) => self.write_union(union, value, out)?,
            (other, _) => return Err(format!("values of {other:?} are not supported")),
        }
        Ok(())
    }

    fn write_record(
        &self,
        schema: &RecordSchema,
        fields: &Map<String, Value>,
        out: &mut Vec<u8>,
    ) -> Result<(), String> {
        let unknown = fields.keys().find(|name| !schema.fields.iter().any(|field| field.name == **name));
        if let Some(name) = unknown {
            return Err(format!("`{}` has no field `{name}`", schema.name));
        }
        for field in &schema.fields {
            let within = |error: String| format!("`{}`: {error}", field.name);
            match (fields.get(&field.name), &field.default) {
                (Some(value), _) => self.write(&field.schema, value, out).map_err(within)?,
                (None, Some(default)) => self.write_default(&field.schema, default, out).map_err(within)?,
                (None, None) => return Err(format!("`{}` needs field `{}`", schema.name, field.name)),
            }
        }
        Ok(())
    }

    /// The default of a union is a value of its first branch, without its name.
    fn write_default(&self, schema: &Schema, default: &Value, out: &mut Vec<u8>) -> Result<(), String> {
        match self.resolved(schema)? {
            Schema::Union(union) => {
                write_long(0, out);
                let first = union.variants().first().ok_or("a union without branches")?;
                self.write_default(first, default, out)
            }
            schema => self.write(schema, default, out),
        }
    }

    fn write_union(&self, union: &UnionSchema, value: &Value, out: &mut Vec<u8>) -> Result<(), String> {
        let (named, value) = match value {
            Value::Object(entries) if self.names_branches && entries.len() == 1 => {
                entries.iter().next().map_or((None, value), |(name, value)| (Some(name), value))
            }
            value => (None, value),
        };
        let begin = out.len();
        for (index, branch) in union.variants().iter().enumerate() {
            let branch = self.resolved(branch)?;
            let is_null = matches!(branch, Schema::Null);
            let fits = match named {
                Some(name) => branch_name(branch) == *name,
                None => is_null || !self.names_branches,
            };
            if !fits {
                continue;
            }
            write_long(index.try_into().unwrap_or_default(), out);
            match self.write(branch, value, out) {
                Ok(()) => return Ok(()),
                Err(error) if named.is_some() => return Err(error),
                Err(_) => out.truncate(begin),
            }
        }
        let branches: Vec<String> = union.variants().iter().map(branch_name).collect();
        Err(format!("{} fits none of {}", kind_of(value), branches.join(", ")))
    }

    fn read(&self, schema: &Schema, input: &mut Input<'_>) -> Result<Value, String> {
        input.values += 1;
        if input.depth == MAX_DEPTH || input.values > MAX_VALUES {
            return Err("the value has too many levels or parts".into());
        }
        input.depth += 1;
        let value = match self.resolved(schema)? {
            Schema::Null => Value::Null,
            Schema::Boolean => Value::Bool(input.take(1)? != [0]),
            Schema::Int | Schema::Long => input.long()?.into(),
            Schema::Float => number(f32::from_le_bytes(input.array()?).into())?,
            Schema::Double => number(f64::from_le_bytes(input.array()?))?,
            Schema::Bytes => text_of(input.prefixed()?),
            Schema::String => {
                let text = std::str::from_utf8(input.prefixed()?).map_err(|_| "a text is not UTF-8")?;
                Value::String(text.to_owned())
            }
            Schema::Fixed(schema) => text_of(input.take(schema.size)?),
            Schema::Enum(schema) => {
                let index = usize::try_from(input.long()?).ok();
                let symbol = index.and_then(|index| schema.symbols.get(index));
                Value::String(symbol.ok_or_else(|| format!("`{}` has fewer symbols", schema.name))?.clone())
            }
            Schema::Array(schema) => {
                let mut items = Vec::new();
                while let Some(count) = input.block()? {
                    for _ in 0..count {
                        items.push(self.read(&schema.items, input)?);
                    }
                }
                Value::Array(items)
            }
            Schema::Map(schema) => {
                let mut entries = Map::new();
                while let Some(count) = input.block()? {
                    for _ in 0..count {
                        let name = String::from_utf8_lossy(input.prefixed()?).into_owned();
                        entries.insert(name, self.read(&schema.types, input)?);
                    }
                }
                Value::Object(entries)
            }
            Schema::Record(schema) => {
                let mut fields = Map::new();
                for field in &schema.fields {
                    fields.insert(field.name.clone(), self.read(&field.schema, input)?);
                }
                Value::Object(fields)
            }
            Schema::Union(union) => {
                let index = usize::try_from(input.long()?).ok();
                let branch = index.and_then(|index| union.variants().get(index)).ok_or("a union has fewer branches")?;
                let branch = self.resolved(branch)?;
                let value = self.read(branch, input)?;
                match self.names_branches && !matches!(branch, Schema::Null) {
                    true => Value::Object(Map::from_iter([(branch_name(branch), value)])),
                    false => value,
                }
            }
            other => return Err(format!("values of {other:?} are not supported")),
        };
        input.depth -= 1;
        Ok(value)
    }
}

/// What is left of a value's bytes.
struct Input<'a> {
    bytes: &'a [u8],
    depth: usize,
    values: usize,
}

impl<'a> Input<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], String> {
        let (taken, rest) = self.bytes.split_at_checked(count).ok_or("the value ends too early")?;
        self.bytes = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        self.take(N)?.try_into().map_err(|_| "the value ends too early".to_owned())
    }

    /// A number, zigzag and variable (Avro's specification, "Binary encoding").
    fn long(&mut self) -> Result<i64, String> {
        let mut number = 0u64;
        for shift in (0..70).step_by(7) {
            let [byte] = self.array()?;
            number |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or_default();
            if byte & 0x80 == 0 {
                return Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed());
            }
        }
        Err("a number is too long".into())
    }

    fn prefixed(&mut self) -> Result<&'a [u8], String> {
        let length = usize::try_from(self.long()?).map_err(|_| "a length is negative")?;
        self.take(length)
    }

    /// The number of items in the next block of an array or map; `None` at its end.
    fn block(&mut self) -> Result<Option<u64>, String> {
        let count = self.long()?;
        if count < 0 {
            self.long()?;
        }
        Ok(Some(count.unsigned_abs()).filter(|count| *count > 0))
    }
}

fn write_long(number: i64, out: &mut Vec<u8>) {
    let mut rest = ((number << 1) ^ (number >> 63)).cast_unsigned();
    while rest >= 0x80 {
        out.push(rest.to_le_bytes()[0] | 0x80);
        rest >>= 7;
    }
    out.push(rest.to_le_bytes()[0]);
}

fn write_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    write_long(bytes.len().try_into().unwrap_or_default(), out);
    out.extend(bytes);
}

fn write_block(count: usize, out: &mut Vec<u8>) {
    write_long(count.try_into().unwrap_or_default(), out);
}

/// A block without items ends an array or map; where there are none, it is there already.
fn end_blocks(count: usize, out: &mut Vec<u8>) {
    if count > 0 {
        write_long(0, out);
    }
}

fn whole(value: &Value) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "only what is whole and small enough is taken")]
    let of_float = |number: f64| (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64);
    value.as_i64().or_else(|| value.as_f64().and_then(of_float))
}

fn number(number: f64) -> Result<Value, String> {
    Number::from_f64(number).map(Value::Number).ok_or_else(|| format!("JSON has no number {number}"))
}

fn bytes_of(value: &Value) -> Result<Vec<u8>, String> {
    let text = value.as_str().ok_or_else(|| format!("expected bytes as a text, found {}", kind_of(value)))?;
    let byte = |character: char| u8::try_from(u32::from(character)).ok();
    let bytes: Option<Vec<u8>> = text.chars().map(byte).collect();
    bytes.ok_or_else(|| "each character of bytes must be one from U+0000 to U+00FF".into())
}

fn text_of(bytes: &[u8]) -> Value {
    Value::String(bytes.iter().map(|byte| char::from(*byte)).collect())
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// How Avro JSON names a branch.
fn branch_name(schema: &Schema) -> String {
    match schema {
        Schema::Null => "null".into(),
        Schema::Boolean => "boolean".into(),
        Schema::Int => "int".into(),
        Schema::Long => "long".into(),
        Schema::Float => "float".into(),
        Schema::Double => "double".into(),
        Schema::Bytes => "bytes".into(),
        Schema::String => "string".into(),
        Schema::Array(_) => "array".into(),
        Schema::Map(_) => "map".into(),
        schema => name_of(schema).map(|name| name.fullname(None)).unwrap_or_default(),
    }
}

fn name_of(schema: &Schema) -> Option<&Name> {
    match schema {
        Schema::Record(schema) => Some(&schema.name),
        Schema::Enum(schema) => Some(&schema.name),
        Schema::Fixed(schema) => Some(&schema.name),
        Schema::Ref { name } => Some(name),
        _ => None,
    }
}

fn collect_names(schema: &Schema, names: &mut HashMap<String, Schema>) {
    if let (Some(name), false) = (name_of(schema), matches!(schema, Schema::Ref { .. })) {
        names.insert(name.fullname(None), schema.clone());
    }
    match schema {
        Schema::Record(schema) => schema.fields.iter().for_each(|field| collect_names(&field.schema, names)),
        Schema::Union(union) => union.variants().iter().for_each(|branch| collect_names(branch, names)),
        Schema::Array(schema) => collect_names(&schema.items, names),
        Schema::Map(schema) => collect_names(&schema.types, names),
        _ => {}
    }
}

fn without_logical_types(schema: &mut Value) {
    match schema {
        Value::Object(entries) => {
            entries.remove("logicalType");
            // A default is a value, not a schema.
            let inner = entries.iter_mut().filter(|(name, _)| *name != "default");
            inner.for_each(|(_, value)| without_logical_types(value));
        }
        Value::Array(items) => items.iter_mut().for_each(without_logical_types),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
