//! What a route is: method, path, and the types of its query, body and answer.

use std::borrow::Cow;
use std::marker::PhantomData;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use crate::value::Nothing;

/// What a segment of a path keeps as it is (RFC 3986 §2.3, unreserved characters).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A method of HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Shows something.
    Get,
    /// Does something.
    Post,
    /// Removes something.
    Delete,
}

impl Method {
    /// The method's name as a request has it.
    pub const fn name(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Delete => "DELETE",
        }
    }
}

/// A route: `Q` is the type of its query, `B` of its body and `A` of its answer; [`Nothing`] where there is none.
pub struct Route<Q, B, A> {
    /// The method.
    pub method: Method,
    /// The route's name, the constant's in lower case; a generated client calls its function so.
    pub name: &'static str,
    /// The path; `{name}` stands for a segment of any text.
    pub path: &'static str,
    /// What the route does; lines are apart by a space.
    pub summary: &'static str,
    pub(crate) types: PhantomData<fn(Q, B) -> A>,
}

// Derived ones would ask the same of the types, which are not in it.
impl<Q, B, A> Clone for Route<Q, B, A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Q, B, A> Copy for Route<Q, B, A> {}

impl<Q, B, A> Route<Q, B, A> {
    /// The path with `segments` in the places of its `{…}`, percent-encoded.
    ///
    /// # Panics
    /// When there are not as many segments as places, which is a mistake in the program.
    pub fn at(&self, segments: &[&str]) -> Cow<'static, str> {
        let mut pieces = self.path.split('{');
        let first = pieces.next().unwrap_or_default();
        let mut rest = segments.iter();
        let mut path = Cow::Borrowed(first);
        for piece in pieces {
            let (name, behind) = piece.split_once('}').unwrap_or((piece, ""));
            let segment = rest
                .next()
                .unwrap_or_else(|| panic!("{} needs its {name}", self.path));
            let segment = utf8_percent_encode(segment, SEGMENT);
            path = format!("{path}{segment}{behind}").into();
        }
        assert!(rest.next().is_none(), "{} takes fewer names", self.path);
        path
    }

    /// What a request line has: the path as [`Route::at`] makes it, and the query behind it.
    ///
    /// # Panics
    /// As [`Route::at`].
    pub fn target(&self, segments: &[&str], query: &Q) -> Cow<'static, str>
    where
        Q: Serialize,
    {
        let path = self.at(segments);
        let query = serde_html_form::to_string(query).expect("a query has words and lists of them");
        match query.is_empty() {
            true => path,
            false => format!("{path}?{query}").into(),
        }
    }
}

/// A route that shows something.
pub type Get<Q, A> = Route<Q, Nothing, A>;
/// A route that does something.
pub type Post<B, A> = Route<Nothing, B, A>;
/// A route that removes something.
pub type Delete = Route<Nothing, Nothing, Nothing>;

/// Declares the routes of a module: in its module `routes` the constants, each with its documentation, which is the route's
/// summary, too, its type, method and path; and beside it what [`crate::routes::all`] lists.
macro_rules! routes {
    ($(
        $(#[doc = $summary:literal])+
        $name:ident: $kind:ident $(<$query:ty, $answer:ty>)? = $method:ident $path:literal;
    )+) => {
        /// Routes whose types are in this module.
        pub mod routes {
            use std::marker::PhantomData;

            use super::*;
            use $crate::route::*;
            #[allow(unused_imports, reason = "not every module has a route without query or answer")]
            use $crate::value::Nothing;

            $(
                $(#[doc = $summary])+
                pub const $name: $kind $(<$query, $answer>)? = Route {
                    method: Method::$method,
                    name: stringify!($name),
                    path: $path,
                    summary: concat!($($summary),+),
                    types: PhantomData,
                };
            )+
        }

        /// Method and path of each of them.
        pub(crate) const DECLARED: &[(crate::route::Method, &str)] =
            &[$((routes::$name.method, routes::$name.path)),+];
    };
}

pub(crate) use routes;
