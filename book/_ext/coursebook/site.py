"""Addresses that follow from the repository's: the book's and Colab's."""

from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ConfigError

COLAB = "https://colab.research.google.com/github"
PUBLISHED_BRANCH = "gh-pages"


@dataclass(frozen=True)
class Repository:
    """A repository on GitHub whose pages are published by GitHub Pages."""

    owner: str
    name: str
    branch: str

    @classmethod
    def parse(cls, url: str, branch: str) -> "Repository":
        """Read owner and name from the repository's address.

        Raises ValueError when it is not an address on GitHub.
        """
        address = urlsplit(url)
        parts = address.path.strip("/").removesuffix(".git").split("/")
        if address.netloc != "github.com" or len(parts) != 2 or not all(parts):
            raise ValueError(f"not a repository on GitHub: {url!r}")
        return cls(parts[0], parts[1], branch)

    @property
    def pages(self) -> str:
        """The address of the published book, with a slash at its end."""
        return f"https://{self.owner.lower()}.github.io/{self.name}/"

    def colab_source(self, path: str) -> str:
        """Colab's address for a notebook that is committed to the repository."""
        return self._colab(self.branch, path)

    def colab_published(self, path: str) -> str:
        """Colab's address for a notebook that the build of the book made."""
        return self._colab(PUBLISHED_BRANCH, path)

    def _colab(self, branch: str, path: str) -> str:
        return f"{COLAB}/{self.owner}/{self.name}/blob/{branch}/{quote(path)}"


def repository(config: Config) -> Repository:
    """Return the repository that `_config.yml` names."""
    options = config.html_theme_options
    try:
        return Repository.parse(
            options.get("repository_url", ""), options.get("repository_branch", "main")
        )
    except ValueError as error:
        raise ConfigError(f"_config.yml, repository: {error}") from error


def set_base_address(app: Sphinx, config: Config) -> None:
    """Tell Sphinx where the book will be, unless `_config.yml` does."""
    config.html_baseurl = config.html_baseurl or repository(config).pages


def setup(app: Sphinx) -> None:
    """Connect to Sphinx."""
    app.connect("config-inited", set_base_address)
