"""MyST to plain Markdown: what changes, and what must not."""

import pytest
from coursebook.inline import NoPlainForm
from coursebook.markdown import plain

SITE = "https://site/"


class Answers:
    """References with one known answer of each kind."""

    def cite(self, key: str, *, textual: bool) -> str:
        name, year = {"two": ("A and B", "2015"), "one": ("C", "2010")}[key]
        return f"{name} ({year})" if textual else f"{name}, {year}"

    def page(self, name: str) -> tuple[str, str]:
        return {"norm": "Norms", "norm.md": "Norms"}[name], f"{SITE}norm.html"

    def label(self, name: str) -> tuple[str, str]:
        return {"sec": "Section"}[name], f"{SITE}norm.html#{name}"

    def equation(self, name: str) -> tuple[str, str]:
        return {"eq": "2.1"}[name], f"{SITE}norm.html#equation-eq"

    def published(self, path: str) -> str:
        return SITE + path

    def value(self, name: str, form: str) -> str:
        return format({"half": 0.5}[name], form)


@pytest.mark.parametrize(
    ("myst", "expected"),
    [
        ("by {cite:t}`two`.", "by A and B (2015)."),
        ("by {cite:t}`two,one`.", "by A and B (2015), C (2010)."),
        ("so {cite:p}`two,one`.", "so (A and B, 2015; C, 2010)."),
        ("so {cite}`one`.", "so (C, 2010)."),
        ("see {doc}`norm`", "see [Norms](https://site/norm.html)"),
        ("see {doc}`this <norm>`", "see [this](https://site/norm.html)"),
        ("see {ref}`sec`", "see [Section](https://site/norm.html#sec)"),
        ("see [it](norm.md)", "see [it](https://site/norm.html)"),
        ("see [](norm.md#sec)", "see [Norms](https://site/norm.html#sec)"),
        ("see [](#sec)", "see [Section](https://site/norm.html#sec)"),
        ("by {eq}`eq`", "by [(2.1)](https://site/norm.html#equation-eq)"),
        ("{claim}`derived`", "**[derived]**"),
        ("{math}`x^2`", "$x^2$"),
        ("is {glue:text}`half:.2f`.", "is 0.50."),
        ("{py:func}`~numpy.mean`", "`numpy.mean`"),
        ("H{sub}`2`O", "H<sub>2</sub>O"),
        ("(label)=\n# Title", "# Title"),
        ("% a comment\ntext", "text"),
        ("$$\nx\n$$ (eq)", "$$\nx\n\\tag{2.1}$$"),
        ("$$ x $$ (eq)", "$$ x \\tag{2.1}$$"),
        ("```{math}\n:label: eq\nx\n```", "$$\nx\n\\tag{2.1}$$"),
        ("```{math}\nx\n```", "$$\nx\n$$"),
        ("```{note}\nHear.\n```", "**Note**\n\nHear."),
        ("```{note} Hear\nthis.\n```", "**Note**\n\nHear\nthis."),
        (":::{admonition} Why $x$?\nSo.\n:::", "**Why $x$?**\n\nSo."),
        ("```{exercise} Do\n:label: e\nIt.\n```", "**Exercise: Do**\n\nIt."),
        ("```{code-block} python\nx = 1\n```", "```python\nx = 1\n```"),
        ("```{bibliography}\n```", ""),
        (
            "```{dropdown} More\nBody\n```",
            "<details>\n<summary>More</summary>\n\nBody\n\n</details>",
        ),
        (
            "```{figure} a/b.png\n:alt: a line\n\nA {claim}`derived` line.\n```",
            f"![a line]({SITE}_images/b.png)\n\nA **[derived]** line.",
        ),
        (
            "```{assignment} bn/first\n```",
            f"**[Assignment: bn]({SITE}assignments/bn/first.ipynb)**",
        ),
    ],
)
def test_myst_becomes_plain(myst: str, expected: str) -> None:
    assert plain(myst, Answers()) == expected


@pytest.mark.parametrize(
    "text",
    [
        "# Title\n\nText *with* **marks** and `code`.",
        "$$\nx\n$$",
        "a cost of $c = \\{x\\}$ and $$y$$ in a sentence",
        "```python\n{cite:t}`not a role here`\n(label)=\n% no comment\n```",
        "`` {cite:t}`shown` ``",
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "[out](https://elsewhere/page.md) and <https://elsewhere>",
        "\\begin{align}\nx &= 1\n\\end{align}",
    ],
)
def test_plain_markdown_is_left_alone(text: str) -> None:
    assert plain(text, Answers()) == text


def test_directives_nest() -> None:
    myst = "::::{admonition} A\n:::{tip}\n{claim}`derived`\n:::\n::::"
    assert plain(myst, Answers()) == "**A**\n\n**Tip**\n\n**[derived]**"


def test_a_directive_in_a_list_stays_in_it() -> None:
    myst = "- item\n\n  ```{note}\n  Hear.\n  ```"
    assert "  **Note**\n\n  Hear." in plain(myst, Answers())


@pytest.mark.parametrize(
    "myst",
    [
        "```{unheard-of}\n```",
        "{unheard-of}`x`",
        "{cite:t}`nobody`",
        "{ref}`nowhere`",
        "{glue:text}`nothing`",
        "```{note}\nnever closed",
        "$$\nnever closed",
    ],
)
def test_what_has_no_plain_form_is_an_error(myst: str) -> None:
    with pytest.raises(NoPlainForm):
        plain(myst, Answers())
