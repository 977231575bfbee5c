-- What a script has to know of the server that answers.
select pg_is_in_recovery(),
       (select system_identifier from pg_control_system()),
       current_setting('archive_mode'),
       current_setting('data_directory');
