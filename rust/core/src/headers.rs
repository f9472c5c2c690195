//! What the configuration changes in the head of every answer of the application: `add-header`, `del-header`. Changes
//! what `start_response` was told, just before it is framed; frames nothing. Nothing here runs without those options.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::answer::Answer;

/// Headers to take away, then headers to add.
#[derive(Debug)]
pub struct Headers {
    remove: Vec<Vec<u8>>,
    add: Vec<(Vec<u8>, Vec<u8>)>,
    /// `Connection: close` was among those to add.
    close: bool,
}

impl Headers {
    /// Read those of a settings object; None: nothing is to be changed.
    pub fn read(settings: &Bound<'_, PyAny>) -> PyResult<Option<Headers>> {
        let Some(told) = settings.getattr_opt("headers")?.filter(|told| !told.is_none()) else { return Ok(None) };
        let remove = told.getattr("remove")?.extract()?;
        let (mut add, mut close) = (Vec::new(), false);
        for (name, value) in told.getattr("add")?.extract::<Vec<(Vec<u8>, Vec<u8>)>>()? {
            match wire::check_header(&name, &value) {
                Ok(()) => add.push((name, value)),
                // The connection is the server's, and this is the one thing that may be asked of it.
                Err(wire::Flaw::HopByHop) => {
                    close |= name.eq_ignore_ascii_case(b"connection") && value.eq_ignore_ascii_case(b"close");
                }
                Err(flaw) => {
                    let name = String::from_utf8_lossy(&name).into_owned();
                    return Err(PyValueError::new_err(format!("add-header {name}: {flaw}")));
                }
            }
        }
        Ok(Some(Headers { remove, add, close }))
    }

    /// Names of what is taken away.
    pub fn removed(&self) -> &[Vec<u8>] {
        &self.remove
    }

    /// What is added.
    pub fn added(&self) -> &[(Vec<u8>, Vec<u8>)] {
        &self.add
    }

    /// The connection is closed behind every answer.
    pub fn closes(&self) -> bool {
        self.close
    }

    /// Change what the application answered.
    #[cold]
    pub fn apply(&self, answer: &mut Answer) {
        let text = &answer.text;
        let name = |from: u32, to: u32| text.get(from as usize..to as usize).unwrap_or(&[]);
        answer
            .headers
            .retain(|&(from, to, _)| !self.remove.iter().any(|gone| gone.eq_ignore_ascii_case(name(from, to))));
        for (name, value) in &self.add {
            let start = answer.text.len();
            answer.text.extend_from_slice(name);
            answer.text.extend_from_slice(value);
            answer.headers.push((start as u32, (start + name.len()) as u32, answer.text.len() as u32));
        }
        answer.facts.persistent &= !self.close;
    }
}
