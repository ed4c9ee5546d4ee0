"""A written story -> one coherent audiovisual performance."""
