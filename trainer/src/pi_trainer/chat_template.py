"""Chat templates: the one place where messages become the text a model reads, in training and in serving."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import jinja2
import jinja2.ext
import jinja2.nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

Message = dict[str, str]
Span = tuple[int, int]

COMPACT_V1 = (
    "{%- for message in messages -%}"
    "{%- if message.role == 'system' -%}{{ message.content }}"
    "{%- elif message.role == 'user' -%}{{ ' <you> ' + message.content + ' <eot>' }}"
    "{%- elif message.role == 'assistant' -%}{{ ' <me> ' }}"
    "{%- generation -%}{{ message.content + ' <eot>' }}{%- endgeneration -%}"
    "{%- endif -%}{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{ ' <me> ' }}{%- endif -%}\n"
)
NAMED = {"compact-v1": COMPACT_V1}


class _Generation(jinja2.ext.Extension):
    """`{% generation %}` blocks, as transformers knows them: what the assistant wrote."""

    tags = frozenset({"generation"})

    def parse(self, parser: jinja2.parser.Parser) -> jinja2.nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_mark"), [], [], body).set_lineno(line)

    def _mark(self, caller: Callable[[], str]) -> str:
        text = caller()
        spans, blocks = self.environment.spans, self.environment.blocks  # type: ignore[attr-defined]
        if spans is not None:
            start = sum(map(len, blocks))
            spans.append((start, start + len(text)))
        return text


def _fail(message: str) -> None:
    raise jinja2.TemplateError(message)


class ChatTemplate:
    """A compiled template. It gets no clock: the same messages give the same text on any day."""

    def __init__(self, source: str, special_tokens: dict[str, str] | None = None, end: str | None = None) -> None:
        """`special_tokens`: what the template may name (`bos_token`, `eos_token` …). `end`: the end-of-turn token."""
        environment = ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=[_Generation, "jinja2.ext.loopcontrols"]
        )
        environment.filters["tojson"] = lambda value, **options: json.dumps(value, ensure_ascii=False, **options)
        environment.globals["raise_exception"] = _fail
        environment.spans, environment.blocks = None, []  # type: ignore[attr-defined]
        self._made_of = (source, special_tokens, end)
        self._environment = environment
        self._template = environment.from_string(source)
        self._special_tokens = special_tokens or {}
        self._marked = "generation" in source and "endgeneration" in source
        self._end = end

    def __reduce__(self) -> tuple[type["ChatTemplate"], tuple[object, ...]]:
        """Another process compiles it anew."""
        return ChatTemplate, self._made_of

    def prompt(self, messages: Sequence[Message]) -> str:
        """The text a model continues to answer `messages`."""
        return self._render(messages, True)

    def row(self, messages: Sequence[Message]) -> tuple[str, list[Span]]:
        """The text of a whole conversation and the character spans its assistant wrote, end token included."""
        if not self._marked:
            return self._row_by_prefix(messages)
        with self._tracking() as spans:
            text = self._render(messages, False)
        return text, spans

    def _row_by_prefix(self, messages: Sequence[Message]) -> tuple[str, list[Span]]:
        """For templates without markers: an assistant's turn is what follows the prompt for it, to the end token."""
        text, spans = self._render(messages, False), []
        for index, message in enumerate(messages):
            if message["role"] != "assistant":
                continue
            start = len(self.prompt(messages[:index]))
            end = len(self._render(messages[: index + 1], False))
            if self._end:
                last = text.rfind(self._end, start, end)
                end = last + len(self._end) if last >= 0 else end
            spans.append((start, end))
        return text, spans

    def _render(self, messages: Sequence[Message], add_generation_prompt: bool) -> str:
        blocks = self._environment.blocks = []  # type: ignore[attr-defined]
        for block in self._template.generate(
            messages=list(messages), add_generation_prompt=add_generation_prompt, **self._special_tokens
        ):
            blocks.append(block)
        return "".join(blocks)

    @contextmanager
    def _tracking(self) -> Iterator[list[Span]]:
        spans: list[Span] = []
        self._environment.spans = spans  # type: ignore[attr-defined]
        try:
            yield spans
        finally:
            self._environment.spans = None  # type: ignore[attr-defined]
