"""Carrying the data directory to an object storage and from there to other machines.

The data directory stays what every role works in; nothing above this room knows of a bucket.
A :mod:`part <services.replication.parts>` of it has one publisher and any number of followers.

PREFIX/heads/PART.json                what the part is now, see :mod:`services.replication.manifest`
PREFIX/PART/groups/DIGEST.json        the files of a month or day, named by the head
PREFIX/PART/DIGEST.parquet            a file by its content
PREFIX/history/source=…/date=…/NAME-DIGEST.parquet   a dated file, where other engines look for it

Every object but the heads is written once under a name of its own; a head is one PUT, which
replaces it at once or not at all. Nobody has to list, nothing is renamed.
"""
