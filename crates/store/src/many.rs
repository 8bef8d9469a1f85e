//! Statements over many rows. Their texts have fixed sizes, so that few texts exist and each stays prepared.

use crate::{Error, Value};
use std::{fmt::Write, sync::OnceLock};

/// A statement that takes 64, 16, 4, 2 or 1 rows at a time.
///
/// ```
/// static PARTS: store::Many = store::Many::new(
///     "INSERT INTO part (mailbox_id, letter_id, number, body) VALUES ", 4, " ON CONFLICT DO NOTHING RETURNING number");
/// ```
pub struct Many {
    head: &'static str,
    columns: usize,
    tail: &'static str,
    texts: [OnceLock<&'static str>; SIZES.len()],
}

impl Many {
    /// The text is `head`, then `($1,$2,…),(…)` with `columns` places a row, then `tail`. Places before the rows
    /// (`lead`, see [`crate::Tx::execute_many_with`]) are `$1…` in `head` and the rows go on from there.
    pub const fn new(head: &'static str, columns: usize, tail: &'static str) -> Self {
        Self { head, columns, tail, texts: [const { OnceLock::new() }; SIZES.len()] }
    }

    /// The rows in as few pieces as the sizes allow, each with its text.
    pub(crate) fn split<'r, R>(&'static self, lead: usize, rows: &'r [R]) -> Vec<(&'static str, &'r [R])> {
        let mut out = Vec::new();
        let mut rest = rows;
        for (at, &size) in SIZES.iter().enumerate() {
            while rest.len() >= size {
                let (piece, more) = rest.split_at(size);
                out.push((self.text(lead, at), piece));
                rest = more;
            }
        }
        out
    }

    /// All arguments of one piece, in order.
    pub(crate) fn flatten<'a, R: AsRef<[Value<'a>]>>(
        &self,
        lead: &[Value<'a>],
        rows: &[R],
    ) -> Result<Vec<Value<'a>>, Error> {
        let mut out = Vec::with_capacity(lead.len() + rows.len() * self.columns);
        out.extend_from_slice(lead);
        for row in rows {
            let row = row.as_ref();
            if row.len() != self.columns {
                return Err(Error::Columns { expected: self.columns, found: row.len() });
            }
            out.extend_from_slice(row);
        }
        Ok(out)
    }

    /// Made once from constant parts and kept for the life of the program; `lead` is the same at every call.
    fn text(&'static self, lead: usize, at: usize) -> &'static str {
        self.texts[at].get_or_init(|| {
            let mut text = String::from(self.head);
            for row in 0..SIZES[at] {
                text.push_str(if row == 0 { "(" } else { ",(" });
                for column in 0..self.columns {
                    let separator = if column == 0 { "" } else { "," };
                    // Writing to a string cannot fail.
                    let _ = write!(text, "{separator}${}", lead + row * self.columns + column + 1);
                }
                text.push(')');
            }
            text.push_str(self.tail);
            text.leak()
        })
    }
}

const SIZES: [usize; 5] = [64, 16, 4, 2, 1];

#[cfg(test)]
mod tests {
    use super::*;

    static TWO: Many = Many::new("INSERT INTO t (a, b) VALUES ", 2, " RETURNING a");
    static AFTER_ONE: Many = Many::new("DELETE FROM t WHERE a = $1 AND b IN (", 1, ")");

    #[test]
    fn places_are_numbered_through_all_rows() {
        assert_eq!(TWO.split(0, &[(); 1])[0].0, "INSERT INTO t (a, b) VALUES ($1,$2) RETURNING a");
        assert_eq!(
            TWO.split(0, &[(); 4])[0].0,
            "INSERT INTO t (a, b) VALUES ($1,$2),($3,$4),($5,$6),($7,$8) RETURNING a"
        );
        assert_eq!(
            AFTER_ONE.split(1, &[(); 4])[0].0,
            "DELETE FROM t WHERE a = $1 AND b IN (($2),($3),($4),($5))"
        );
    }

    #[test]
    fn rows_are_cut_into_the_largest_pieces() {
        let sizes =
            |n: usize| TWO.split(0, &vec![(); n]).iter().map(|(_, rows)| rows.len()).collect::<Vec<_>>();
        assert_eq!(sizes(0), Vec::<usize>::new());
        assert_eq!(sizes(3), [2, 1]);
        assert_eq!(sizes(87), [64, 16, 4, 2, 1]);
        assert_eq!(sizes(128), [64, 64]);
    }

    #[test]
    fn a_row_of_another_width_is_refused() {
        let row = [Value::Int(1)];
        assert!(TWO.flatten(&[], &[row]).is_err());
    }
}
