"""Flow templates: what the exams of a kind have in common."""

from __future__ import annotations

from engine.kind import Kind
from engine.kinds._people import Key
from engine.kinds.flow import FlowFields


class FlowTemplate(FlowFields):
    """Mappings merge by key with those of the flow; lists and scalars of the flow replace."""

    key: Key


KIND = Kind("flow_template", "flow_templates", FlowTemplate)
