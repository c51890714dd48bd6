"""Archives of the feed into the history: ``python -m services.history import FILE…``.

A file flows through: opened and recognised (``source_file``), cut into records
(``documents``, ``tables``), each made flat (``shapes``), checked by column as a
live reply is (``checks``), placed on a network by its segment id (``places``),
and taken into the days it belongs to (``intake``). ``run`` puts them together.
"""
