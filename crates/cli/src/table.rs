//! Lists for people (aligned columns, upper-case headers, no borders) and for machines.

use anyhow::Result;
use clap::ValueEnum;
use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

use crate::say;

/// What `-o` takes. `list` is the incumbent's word for a table in some commands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    #[default]
    #[value(alias = "list", alias = "")]
    Table,
    Json,
    Yaml,
}

/// Prints `rows` in `format`; `columns` is the table's header, `cells` one row of it.
pub(crate) fn print<T: Serialize>(
    format: Format,
    rows: &[T],
    columns: &[&str],
    cells: impl Fn(&T) -> Vec<String>,
) -> Result<()> {
    let text = match format {
        Format::Json => serde_json::to_string_pretty(rows)? + "\n",
        Format::Yaml => serde_saphyr::to_string(&rows)?,
        Format::Table => aligned(columns, rows.iter().map(cells)),
    };
    say::to_stdout(&text);
    Ok(())
}

/// Left-aligned columns two spaces apart; cells are never wrapped, since people grep lines.
pub(crate) fn aligned(columns: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(columns.to_vec());
    table.add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

/// The age of something as the incumbent writes it: `42s`, `7m`, `3h`, `12d`.
pub(crate) fn age(seconds: i64) -> String {
    match seconds {
        ..=60 => format!("{}s", seconds.max(0)),
        61..=3600 => format!("{}m", seconds / 60),
        3601..=86_400 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_without_borders() {
        let rows = [vec!["a".to_owned(), "1".to_owned()], vec!["longer".to_owned(), String::new()]];
        assert_eq!(aligned(&["APP ID", "PORT"], rows.into_iter()), "APP ID  PORT\na       1\nlonger\n");
    }

    #[test]
    fn ages_round_down() {
        assert_eq!([age(5), age(60), age(61), age(7200), age(200_000)], ["5s", "60s", "1m", "2h", "2d"]);
    }
}
