"""Check events against the registered handlers: the name, and the types of the arguments."""

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
# JavaScript represents every integer up to this one exactly.
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
_TYPE_NAMES: Final[Mapping[type, str]] = {
    dict: "an object",
    list: "a list",
    str: "a text",
    bool: "true or false",
    int: "a number",
    float: "a number",
    type(None): "null",
}


def _path(value: str) -> str:
    # A path with two slashes at its start is the address of another host.
    if not value.startswith("/") or value.startswith("//"):
        raise ValueError("must be a path of this host")
    return value


_Path = Annotated[_Text, AfterValidator(_path)]


class _Place(BaseModel):
    """The location of the page. Other fields that a browser sends are dropped."""

    model_config = ConfigDict(strict=True)

    pathname: _Path = "/"
    asPath: _Path = "/"
    query: Annotated[dict[_Text, _Text | _Texts], Field(max_length=MAX_ITEMS)] = {}


class Catalogue:
    """The handlers that a browser may call.

    Args:
        handlers: full name to function. The first parameter of the function is the state.
        storage: names of the vars that a browser stores. An argument ``vars`` may have only these.
        role_for: takes a full name, and returns the role that the handler needs; None if nobody
            may call the handler.

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
        """The checked event: its name, arguments and location, and no other field.

        Args:
            sent: the event as the browser sent it.
            role: the role of the visitor.

        Raises:
            Refused: ``sent`` is not an event, the handler does not exist, it does not take the
                arguments, or it needs another role.
        """
        if not isinstance(sent, dict):
            raise Refused("event", f"an event must be an object, not {_TYPE_NAMES[type(sent)]}")
        name = sent.get("name")
        if not isinstance(name, str):
            raise Refused(
                "event", f"the name of an event must be a text, not {_TYPE_NAMES[type(name)]}"
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
            "payload": _validate(model, payload, "arguments", model.__name__),
            "router_data": _validate(_Place, place, "event", "router_data"),
        }


def _validate(model: type[BaseModel], sent: object, kind: Kind, of: str) -> Json:
    try:
        return model.model_validate(sent).model_dump(exclude_unset=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(part)[:50] for part in first["loc"])
        raise Refused(kind, f"{of}: {where} {first['msg']}".replace("  ", " ")) from None


def _model(name: str, handler: Handler, stored: Any) -> type[BaseModel]:
    """The model that checks the arguments of a handler.

    Args:
        name: the full name of the handler.
        handler: the function.
        stored: the type of an argument ``vars``.

    Raises:
        TypeError: the handler has a parameter that cannot be checked.
    """
    hints = get_type_hints(handler)
    _state, *parameters = inspect.signature(handler).parameters.values()
    fields: dict[str, Any] = {}
    for parameter in parameters:
        hint = hints.get(parameter.name)
        checked = _checked_type(hint, stored if parameter.name == "vars" else None)
        if checked is None or parameter.kind is not parameter.POSITIONAL_OR_KEYWORD:
            raise TypeError(f"{name} takes {parameter}, which cannot be checked")
        required = parameter.default is parameter.empty
        fields[parameter.name] = (checked, ... if required else parameter.default)
    return create_model(name.rpartition(".")[2], __config__=_STRICT, **fields)


def _checked_type(hint: Any, stored: Any) -> Any:
    """The type that checks a parameter with this type hint; None if no check is possible."""
    parts = get_args(hint)
    if type(None) in parts:
        (checked,) = (_checked_type(part, stored) for part in parts if part is not type(None))
        return None if checked is None else checked | None
    if get_origin(hint) is dict:
        return stored
    return _CHECKED.get(hint)


def _stored(storage: frozenset[str]) -> Any:
    """The type of stored vars: name to text. A deleted var is null, and becomes an empty text."""

    def only_stored_vars(sent: Json) -> Json:
        unknown = next((name for name in sent if name not in storage), None)
        if unknown is not None:
            raise ValueError(f"{unknown[-100:]!r} is no var that a browser keeps")
        # The framework would log an error for each null.
        return {name: text or "" for name, text in sent.items()}

    return Annotated[dict[str, _Text | None], AfterValidator(only_stored_vars)]
