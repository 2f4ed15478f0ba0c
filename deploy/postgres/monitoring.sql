-- The role of prometheus-postgres-exporter: it may read statistics and settings, and no table. psql gets its password as a variable.
CREATE ROLE monitoring LOGIN PASSWORD :'password';
GRANT pg_monitor TO monitoring;
