"""Checks events against the existing handlers: the name and the types of the arguments."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from typing import Annotated, Any, Final, get_args, get_origin, get_type_hints

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, create_model

from ksys_app.domain.access import may
from ksys_app.events.refusals import Kind, Refused
from ksys_app.events.roles import role_for
from ksys_app.models.access import Role

Json = dict[str, Any]
Handler = Callable[..., Any]

MAX_TEXT: Final = 100_000
MAX_ITEMS: Final = 1_000
# The largest integer up to which JavaScript represents every integer exactly.
MAX_WHOLE: Final = 2**53 - 1

_STRICT: Final = ConfigDict(strict=True, extra="forbid", protected_namespaces=())
_Text = Annotated[str, Field(max_length=MAX_TEXT)]
_Texts = Annotated[list[_Text], Field(max_length=MAX_ITEMS)]
_Whole = Annotated[int, Field(ge=-MAX_WHOLE, le=MAX_WHOLE)]
_CHECKED: Final[Mapping[Any, Any]] = {
    str: _Text,
    bool: bool,
    int: _Whole,
    list[str]: _Texts,
    list[int]: Annotated[list[_Whole], Field(max_length=MAX_ITEMS)],
}
_CALLED: Final[Mapping[type, str]] = {
    dict: "an object",
    list: "a list",
    str: "a text",
    bool: "true or false",
    int: "a number",
    float: "a number",
    type(None): "null",
}


def _path(value: str) -> str:
    # Two slashes would begin the address of another host.
    if not value.startswith("/") or value.startswith("//"):
        raise ValueError("must be a path of this host")
    return value


_Path = Annotated[_Text, AfterValidator(_path)]


class _Place(BaseModel):
    """The location of the page; other fields that a browser sends are dropped."""

    model_config = ConfigDict(strict=True)

    pathname: _Path = "/"
    asPath: _Path = "/"
    query: Annotated[dict[_Text, _Text | _Texts], Field(max_length=MAX_ITEMS)] = {}


class Catalogue:
    """The handlers that a browser may call.

    Args:
        handlers: full name to function; its first parameter is the state.
        storage: names of the vars that a browser stores; an argument ``vars`` may have only these.
        role_for: the role that a handler needs; None for a handler that nobody may call.

    Attributes:
        models: full name of a handler to the model of its arguments.

    Raises:
        TypeError: a handler has a parameter that cannot be checked.
    """

    def __init__(
        self,
        handlers: Mapping[str, Handler],
        storage: Collection[str] = (),
        role_for: Callable[[str], Role | None] = role_for,
    ) -> None:
        self._role_for = role_for
        stored = _stored(frozenset(storage))
        self.models = {name: _model(name, handler, stored) for name, handler in handlers.items()}

    def event(self, sent: object, role: Role) -> Json:
        """The checked event of a browser: name, arguments and location, nothing else.

        Args:
            sent: what the browser sent.
            role: the role of whom the browser is of.

        Raises:
            Refused: it is no event, has no handler, its handler does not take the arguments, or
                needs another role.
        """
        if not isinstance(sent, dict):
            raise Refused("event", f"an event must be an object, not {_CALLED[type(sent)]}")
        name = sent.get("name")
        if not isinstance(name, str):
            raise Refused(
                "event", f"the name of an event must be a text, not {_CALLED[type(name)]}"
            )
        model = self.models.get(name)
        if model is None:
            raise Refused("handler", f"there is no handler {name[-100:]!r}")
        needed = self._role_for(name)
        if needed is None or not may(role, needed):
            raise Refused("role", f"{model.__name__} needs the role {needed}, not {role}")
        payload, place = sent.get("payload", {}), sent.get("router_data", {})
        return {
            "name": name,
            "payload": _checked(model, payload, "arguments", model.__name__),
            "router_data": _checked(_Place, place, "event", "router_data"),
        }


def _checked(model: type[BaseModel], sent: object, kind: Kind, of: str) -> Json:
    try:
        return model.model_validate(sent).model_dump(exclude_unset=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(part)[:50] for part in first["loc"])
        raise Refused(kind, f"{of}: {where} {first['msg']}".replace("  ", " ")) from None


def _model(name: str, handler: Handler, stored: Any) -> type[BaseModel]:
    hints = get_type_hints(handler)
    _state, *parameters = inspect.signature(handler).parameters.values()
    fields: dict[str, Any] = {}
    for parameter in parameters:
        hint = hints.get(parameter.name)
        checked = _type(hint, stored if parameter.name == "vars" else None)
        if checked is None or parameter.kind is not parameter.POSITIONAL_OR_KEYWORD:
            raise TypeError(f"{name} takes {parameter}, which cannot be checked")
        required = parameter.default is parameter.empty
        fields[parameter.name] = (checked, ... if required else parameter.default)
    return create_model(name.rpartition(".")[2], __config__=_STRICT, **fields)


def _type(hint: Any, stored: Any) -> Any:
    """The type that checks a parameter with this hint, None where no check is possible."""
    parts = get_args(hint)
    if type(None) in parts:
        (checked,) = (_type(part, stored) for part in parts if part is not type(None))
        return None if checked is None else checked | None
    if get_origin(hint) is dict:
        return stored
    return _CHECKED.get(hint)


def _stored(storage: frozenset[str]) -> Any:
    """The type of stored vars: name to text; a deleted var, which is null, is an empty text."""

    def declared(sent: Json) -> Json:
        unknown = next((name for name in sent if name not in storage), None)
        if unknown is not None:
            raise ValueError(f"{unknown[-100:]!r} is no var that a browser keeps")
        # The framework would log an error for each null.
        return {name: text or "" for name, text in sent.items()}

    return Annotated[dict[str, _Text | None], AfterValidator(declared)]
