"""The latents pass: what training draws is encoded once, so that a training needs neither encoder. Files and reading
are shards.loader.latents.
"""
