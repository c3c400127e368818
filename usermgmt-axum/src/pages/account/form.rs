//! Fields of forms, and what is wrong with them.

use maud::{Markup, Render, html};

/// What is wrong with what somebody sent, in the order of the fields.
#[derive(Clone, Debug, Default)]
pub(in crate::pages) struct Problems(Vec<Problem>);

#[derive(Clone, Debug)]
struct Problem {
    /// The id of the field; `None` where it is none's.
    field: Option<String>,
    text: String,
}

impl Problems {
    pub(in crate::pages) fn of_form(text: impl Into<String>) -> Self {
        Self(vec![Problem { field: None, text: text.into() }])
    }

    pub(in crate::pages) fn of_field(field: impl Into<String>, text: impl Into<String>) -> Self {
        let mut problems = Self::default();
        problems.push(field, text);
        problems
    }

    pub(in crate::pages) fn push(&mut self, field: impl Into<String>, text: impl Into<String>) {
        self.0.push(Problem { field: Some(field.into()), text: text.into() });
    }

    pub(in crate::pages) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value, or nothing and one more problem.
    pub(in crate::pages) fn take<T>(
        &mut self,
        field: &str,
        parsed: Result<T, String>,
    ) -> Option<T> {
        parsed.map_err(|text| self.push(field, text)).ok()
    }

    fn of(&self, id: &str) -> Option<&str> {
        let of_field = |problem: &&Problem| problem.field.as_deref() == Some(id);
        self.0.iter().find(of_field).map(|problem| problem.text.as_str())
    }

    /// Beside a field that is none to type into.
    pub(in crate::pages) fn field_problem(&self, id: &str) -> Markup {
        html! { @if let Some(text) = self.of(id) { p.problem { (text) } } }
    }

    /// What a screen reader is told first; each line leads to its field.
    pub(in crate::pages) fn summary(&self, title: &str) -> Markup {
        html! {
            @if !self.is_empty() {
                div.summary role="alert" {
                    p { strong { (title) } }
                    ul {
                        @for problem in &self.0 {
                            li {
                                @match &problem.field {
                                    Some(id) => a href={ "#" (id) } { (problem.text) },
                                    None => (problem.text),
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A field to type into.
#[derive(Clone, Debug)]
pub(in crate::pages) struct Field<'a> {
    id: String,
    name: &'a str,
    label: &'a str,
    kind: &'a str,
    autocomplete: &'a str,
    input_mode: Option<&'a str>,
    value: &'a str,
    hint: Option<String>,
    max: Option<usize>,
    required: bool,
}

impl<'a> Field<'a> {
    pub(in crate::pages) fn text(name: &'a str, label: &'a str, autocomplete: &'a str) -> Self {
        Self {
            id: name.to_owned(),
            name,
            label,
            kind: "text",
            autocomplete,
            input_mode: None,
            value: "",
            hint: None,
            max: None,
            required: true,
        }
    }

    pub(in crate::pages) fn email(name: &'a str, label: &'a str, autocomplete: &'a str) -> Self {
        let text = Self::text(name, label, autocomplete);
        Self { kind: "email", input_mode: Some("email"), ..text }
    }

    /// A password is never sent back.
    pub(in crate::pages) fn password(name: &'a str, label: &'a str, autocomplete: &'a str) -> Self {
        Self { kind: "password", ..Self::text(name, label, autocomplete) }
    }

    /// For six digits, or for a recovery code, which has letters.
    pub(in crate::pages) fn code(label: &'a str) -> Self {
        Self { max: Some(64), ..Self::text("code", label, "one-time-code") }
    }

    /// For digits alone.
    pub(in crate::pages) fn digits(self) -> Self {
        Self { input_mode: Some("numeric"), ..self }
    }

    pub(in crate::pages) fn value(self, value: &'a str) -> Self {
        Self { value, ..self }
    }

    pub(in crate::pages) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    pub(in crate::pages) fn max(self, max: usize) -> Self {
        Self { max: Some(max), ..self }
    }

    pub(in crate::pages) fn optional(self) -> Self {
        Self { required: false, ..self }
    }

    /// One of several forms of a page.
    pub(in crate::pages) fn within(self, form: &str) -> Self {
        Self { id: id(form, self.name), ..self }
    }

    pub(in crate::pages) fn show(&self, problems: &Problems) -> Markup {
        let problem = problems.of(&self.id);
        let (hint_id, problem_id) = (format!("{}-hint", self.id), format!("{}-problem", self.id));
        let described: Vec<&str> =
            [self.hint.as_ref().map(|_| hint_id.as_str()), problem.map(|_| problem_id.as_str())]
                .into_iter()
                .flatten()
                .collect();
        let described = (!described.is_empty()).then(|| described.join(" "));
        html! {
            div.field {
                label for=(self.id) { (self.label) }
                @if let Some(hint) = &self.hint { p.hint id=(hint_id) { (hint) } }
                @if let Some(problem) = problem { p.problem id=(problem_id) { (problem) } }
                input id=(self.id) name=(self.name) type=(self.kind) value=[shown(self)]
                    autocomplete=(self.autocomplete) inputmode=[self.input_mode]
                    maxlength=[self.max] autocapitalize="none" spellcheck="false"
                    aria-describedby=[described] aria-invalid=[problem.map(|_| "true")]
                    required[self.required];
            }
        }
    }
}

fn shown<'a>(field: &Field<'a>) -> Option<&'a str> {
    (field.kind != "password" && !field.value.is_empty()).then_some(field.value)
}

/// A field to choose in.
#[derive(Clone, Debug)]
pub(in crate::pages) struct Choice<'a> {
    pub(in crate::pages) id: String,
    pub(in crate::pages) name: &'a str,
    pub(in crate::pages) label: &'a str,
    pub(in crate::pages) autocomplete: Option<&'a str>,
}

impl Choice<'_> {
    /// Of values, each with its text.
    pub(in crate::pages) fn show(&self, choices: &[(&str, impl Render)], chosen: &str) -> Markup {
        html! {
            div.field {
                label for=(self.id) { (self.label) }
                select id=(self.id) name=(self.name) autocomplete=[self.autocomplete] {
                    @for (value, text) in choices {
                        option value=(value) selected[*value == chosen] { (text) }
                    }
                }
            }
        }
    }
}

/// The id of a form's field.
pub(in crate::pages) fn id(form: &str, name: &str) -> String {
    format!("{form}-{name}")
}
