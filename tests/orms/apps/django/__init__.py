"""The shop with Django on mysqlclient, migrated by ``manage.py migrate``."""
