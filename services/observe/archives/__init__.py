"""Archives of the feed into the history: ``python -m services.history import FILE…``.

A file flows through: opened and recognised (``opening``), cut into records
(``documents``, ``tables``), each made flat (``shapes``), checked by column as a
live reply is (``checking``), placed on a network by its segment id (``places``),
and taken into the days it belongs to (``taking``). ``run`` puts them together.
"""
