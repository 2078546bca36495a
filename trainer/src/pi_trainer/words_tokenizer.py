"""A tokenizer whose tokens are a dataset's words: small vocabularies for small models."""

import json
from collections.abc import Iterable, Iterator

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers

SPECIAL = ("<pad>", "<unk>", "<me>", "<you>", "<eot>")
PAD, UNKNOWN, ME, YOU, END = range(len(SPECIAL))


def build_words_tokenizer(texts: Iterable[str], split_at_equals: bool) -> Tokenizer:
    """Vocabulary: the special tokens, then the words of `texts`, sorted. `a=1` is one token, or `a=` and `1`."""
    words = sorted({part for text in texts for word in text.split() for part in _parts(word, split_at_equals)})
    vocabulary = {word: index for index, word in enumerate((*SPECIAL, *(w for w in words if w not in SPECIAL)))}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    if split_at_equals:
        at_equals = pre_tokenizers.Split(Regex("="), behavior="merged_with_previous")
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), at_equals])
        tokenizer.decoder = decoders.Sequence(
            [decoders.WordPiece(prefix="\u0000", cleanup=False), decoders.Fuse(), decoders.Replace("= ", "=")]
        )
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIAL])
    return tokenizer


def tokenizer_config(context_length: int) -> dict[str, object]:
    """What transformers needs to load the tokenizer as a PreTrainedTokenizerFast."""
    return {
        "clean_up_tokenization_spaces": False,
        "eos_token": "<eot>",
        "extra_special_tokens": ["<me>", "<you>"],
        "model_max_length": context_length,
        "pad_token": "<pad>",
        "tokenizer_class": "PreTrainedTokenizerFast",
        "unk_token": "<unk>",
    }


def composed_words(tokenizer: Tokenizer) -> Iterator[tuple[int, str, str]]:
    """`(id, "limit=", "40")` for each word of the form key=value, by id."""
    for word, index in sorted(tokenizer.get_vocab().items(), key=lambda item: item[1]):
        key, equals, value = word.partition("=")
        if key and equals and value:
            yield index, key + equals, value


def tokenizer_json(tokenizer: Tokenizer) -> bytes:
    return json.dumps(json.loads(tokenizer.to_str()), ensure_ascii=False, indent=1).encode()


def _parts(word: str, split_at_equals: bool) -> list[str]:
    if not split_at_equals:
        return [word]
    pieces = word.split("=")
    return [piece + "=" for piece in pieces[:-1]] + ([pieces[-1]] if pieces[-1] else [])
