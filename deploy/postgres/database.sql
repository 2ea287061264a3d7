-- The database of one service, named like its role, and what that role may do there: read and write rows, and nothing
-- about their shape. Included by provision.sql with `role` set.

-- C.UTF-8: an index keeps its order when the operating system below gets other collation rules.
SELECT format('CREATE DATABASE %I OWNER fieldreport_owner TEMPLATE template0 ENCODING ''UTF8'' LOCALE ''C.UTF-8''', :'role')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'role') \gexec
ALTER DATABASE :"role" OWNER TO fieldreport_owner;
REVOKE ALL ON DATABASE :"role" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"role" TO :"role";

SELECT current_database() AS entry \gset
\connect :"role"
SET client_min_messages = 'warning';
ALTER SCHEMA public OWNER TO fieldreport_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO :"role";
GRANT USAGE, CREATE ON SCHEMA public TO fieldreport_owner;
ALTER DEFAULT PRIVILEGES FOR ROLE fieldreport_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO :"role";
ALTER DEFAULT PRIVILEGES FOR ROLE fieldreport_owner IN SCHEMA public
    GRANT USAGE, SELECT ON SEQUENCES TO :"role";
\connect :"entry"
