"""Changed copies of frozen values."""

from msgspec.structs import replace

__all__ = ["replace"]
