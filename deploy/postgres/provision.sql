-- Roles, databases and rights of field reports. Run by a superuser with psql 15 or newer, as often as you like:
--
--   FIELDREPORT_OWNER_PASSWORD=… FIELDREPORT_INTAKE_PASSWORD=… FIELDREPORT_CLASSIFICATION_PASSWORD=… \
--   FIELDREPORT_ROUTING_PASSWORD=… FIELDREPORT_SATISFACTION_PASSWORD=… \
--   psql -X -h HOST -U postgres -d postgres -f deploy/postgres/provision.sql
--
-- Passwords come by environment, so that no process list shows them; running it again with others changes them.
-- Schemas and tables are not made here: `fieldreport migrate` makes them as fieldreport_owner.

\set ON_ERROR_STOP on
\set QUIET on
SET client_min_messages = 'warning';

-- Owns the databases and everything in them; only migrations use it.
\set role fieldreport_owner
\getenv password FIELDREPORT_OWNER_PASSWORD
\ir role.sql

-- Whoever reads a reporter's identity says so first: SET LOCAL ROLE fieldreport_identity.
SELECT 'CREATE ROLE fieldreport_identity' WHERE to_regrole('fieldreport_identity') IS NULL \gexec
ALTER ROLE fieldreport_identity NOLOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;

\set role fieldreport_intake
\getenv password FIELDREPORT_INTAKE_PASSWORD
\ir role.sql
GRANT fieldreport_identity TO fieldreport_intake;
\ir database.sql

\set role fieldreport_classification
\getenv password FIELDREPORT_CLASSIFICATION_PASSWORD
\ir role.sql
\ir database.sql

\set role fieldreport_routing
\getenv password FIELDREPORT_ROUTING_PASSWORD
\ir role.sql
\ir database.sql

\set role fieldreport_satisfaction
\getenv password FIELDREPORT_SATISFACTION_PASSWORD
\ir role.sql
\ir database.sql
