//! Which trace something belongs to.

use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt as _;
use tracing::Span;
use tracing_subscriber::Registry;
use tracing_subscriber::registry::LookupSpan as _;

/// What a span of the log belongs to.
struct Traced(Context);

/// Has everything within a span of the log belong to this trace, in other threads
/// too.
pub(super) fn remember(span: &Span, context: Context) {
    span.with_subscriber(|(id, dispatch)| {
        let span = dispatch.downcast_ref::<Registry>().and_then(|registry| registry.span(id));
        if let Some(span) = span {
            span.extensions_mut().insert(Traced(context));
        }
    });
}

/// The trace that is being added to here; `None` outside of requests.
pub(super) fn current() -> Option<Context> {
    let here = Context::current();
    if here.has_active_span() {
        return Some(here);
    }
    let found = Span::current().with_subscriber(|(id, dispatch)| {
        let span = dispatch.downcast_ref::<Registry>()?.span(id)?;
        span.scope().find_map(|span| span.extensions().get().map(|Traced(context)| context.clone()))
    });
    found.flatten()
}
