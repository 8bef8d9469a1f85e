//! A small tagged PDF 1.7 with one page of text, so that the demo has real documents to send.

use std::fmt::Write as _;

/// A one-page A4 PDF: a heading and lines of text in Latin-1 (which Swedish fits), padded with a comment to
/// at least `min_bytes`.
pub fn document(heading: &str, lines: &[&str], min_bytes: usize) -> Vec<u8> {
    let mut content = String::from("/Document <</MCID 0>> BDC\nBT /F2 20 Tf 72 760 Td 24 TL ");
    let _ = write!(content, "({}) Tj /F1 12 Tf 18 TL T* T* ", escape(heading));
    for line in lines {
        let _ = write!(content, "({}) Tj T* ", escape(line));
    }
    content.push_str("ET\nEMC\n");
    let content = latin1(&content);
    let objects: Vec<Vec<u8>> = vec![
        b"<</Type/Catalog/Pages 2 0 R/Lang(sv-SE)/MarkInfo<</Marked true>>/StructTreeRoot 7 0 R\
          /ViewerPreferences<</DisplayDocTitle true>>>>"
            .to_vec(),
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>".to_vec(),
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/StructParents 0/Tabs/S\
          /Resources<</Font<</F1 5 0 R/F2 6 0 R>>>>>>"
            .to_vec(),
        [format!("<</Length {}>>\nstream\n", content.len()).into_bytes(), content, b"\nendstream".to_vec()]
            .concat(),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>".to_vec(),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica-Bold/Encoding/WinAnsiEncoding>>".to_vec(),
        b"<</Type/StructTreeRoot/K 8 0 R/ParentTree 9 0 R>>".to_vec(),
        b"<</Type/StructElem/S/Document/P 7 0 R/Pg 3 0 R/K 0>>".to_vec(),
        b"<</Nums[0[8 0 R]]>>".to_vec(),
        [b"<</Title(".to_vec(), latin1(&escape(heading)), b")>>".to_vec()].concat(),
    ];
    assemble(&objects, min_bytes)
}

fn assemble(objects: &[Vec<u8>], min_bytes: usize) -> Vec<u8> {
    let mut out = b"%PDF-1.7\n%\xE5\xE4\xF6\xFF\n".to_vec();
    let mut offsets = Vec::new();
    for (no, object) in objects.iter().enumerate() {
        offsets.push(out.len());
        out.extend(format!("{} 0 obj\n", no + 1).bytes());
        out.extend(object);
        out.extend(b"\nendobj\n");
    }
    while out.len() + 1024 < min_bytes {
        out.extend(b"% filled so that the document has the size of a real decision\n");
    }
    let xref = out.len();
    out.extend(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).bytes());
    for offset in offsets {
        out.extend(format!("{offset:010} 00000 n \n").bytes());
    }
    let size = objects.len() + 1;
    let info = objects.len();
    out.extend(
        format!("trailer\n<</Size {size}/Root 1 0 R/Info {info} 0 R>>\nstartxref\n{xref}\n%%EOF\n").bytes(),
    );
    out
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('(', "\\(").replace(')', "\\)")
}

/// WinAnsi agrees with Latin-1 on what is used here; anything else becomes a question mark.
fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_whole_and_of_the_size_asked_for() {
        let pdf = document("Beslut (åäö)", &["Rad ett", "Rad två"], 48_000);
        assert!(pdf.starts_with(b"%PDF-1.7"));
        assert!(pdf.ends_with(b"%%EOF\n"));
        assert!((46_000..50_000).contains(&pdf.len()));
    }
}
