"""Flow templates: what the exams of a kind have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import ConfigDict

from engine.kind import Kind
from engine.kinds._people import Key
from engine.kinds.flow import FlowFields

if TYPE_CHECKING:
    from pydantic.config import JsonDict

EXAMPLE: JsonDict = {"key": "written", "type": "FLOWassign", "purpose": "EXAMINATION"}


class FlowTemplate(FlowFields):
    """Mappings merge by key with those of the flow; lists and scalars of the flow replace."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})
    refused: ClassVar[dict[str, str]] = {"template": "a template cannot have a template"}

    key: Key


KIND = Kind("flow_template", "flow_templates", FlowTemplate)
